//! `sharelog key`: lists and rotates the keys behind links and visits.

use super::{
    args::{KeyCommand, RotateArgs},
    context::CliContext,
    local_writer::{self, LocalWriter},
};
use crate::{exit::Failure, terminal};

pub(super) async fn run(context: &CliContext, command: KeyCommand) -> Result<(), Failure> {
    let KeyCommand::Rotate(args) = command;
    rotate(context, *args).await
}

async fn rotate(context: &CliContext, args: RotateArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let purpose = args.purpose.into();
    let local = LocalWriter::open(&store).await?;
    let outcome =
        local.commands.rotate_key(&local_writer::request(), purpose, args.retire.clone()).await?;
    let name = serde_json::to_value(purpose).ok();
    let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned();
    if let Some((current, retired)) = outcome.after.keys.get(&name) {
        terminal::line(format_args!(
            "{name} key {current} is in use from position {}",
            outcome.position
        ));
        if !retired.is_empty() {
            let retired: Vec<String> = retired.iter().map(u8::to_string).collect();
            terminal::line(format_args!("retired: {}", retired.join(", ")));
        }
    }
    local.close().await
}
