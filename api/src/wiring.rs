//! Which engines does this process run on? The only module that names concrete ones.
