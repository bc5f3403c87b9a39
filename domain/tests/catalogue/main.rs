//! Is the stored format kept? Frozen samples, upcasts, the payload table.

mod samples;
mod table;
mod upcasts;
