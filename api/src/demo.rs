//! What is there to look at after `serve --demo`? A small world, loaded through the commands.
