//! Does the binary do what its help says? Run as a process, as people and scripts run it.

mod exits;
mod help;
mod pages;
mod secrets;
mod settings;
mod support;
