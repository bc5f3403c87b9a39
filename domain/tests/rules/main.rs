//! Every rule as a sentence: given these events, when this is asked, then that follows.

mod account;
mod expire;
mod gate;
mod grants;
mod lifecycle;
mod links;
mod make;
mod publication;
mod register;
mod share;
mod sharing;
mod system;
mod text;
mod visibility;
