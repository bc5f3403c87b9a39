//! What does the log really hold? The stored bytes, read without any of our own code.
