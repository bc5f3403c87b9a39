//! Commands on the deployment: keys and exports.

use super::Commands;
use crate::{
    CommandError, CommandFuture, Outcome, Request,
    core::{SystemDecider, purpose_name},
};
use domain::{
    event::{ExportMade, KeyPurpose},
    rejection::Rejection,
    system::{SystemCommand, SystemState},
};

impl Commands {
    /// Makes new secrets with a new key from here on; the keys named stop being valid.
    pub fn rotate_key<'a>(
        &'a self,
        request: &'a Request,
        purpose: KeyPurpose,
        retire: Vec<u8>,
    ) -> CommandFuture<'a, Outcome<SystemState>> {
        Box::pin(async move {
            only_administrators(request)?;
            let outcome =
                self.system_command(request, SystemCommand::RotateKey { purpose, retire });
            let outcome = outcome.await?;
            self.core.learn_keys(purpose_name(purpose)).await?;
            Ok(outcome)
        })
    }

    /// Records that the trail was exported.
    pub fn note_export<'a>(
        &'a self,
        request: &'a Request,
        export: ExportMade,
    ) -> CommandFuture<'a, Outcome<SystemState>> {
        Box::pin(
            async move { self.system_command(request, SystemCommand::NoteExport(export)).await },
        )
    }

    async fn system_command(
        &self,
        request: &Request,
        command: SystemCommand,
    ) -> Result<Outcome<SystemState>, CommandError> {
        let core = &self.core;
        let decider = SystemDecider { command, key_ring: &core.key_ring };
        let outcome = core.handler.execute(&core.system, &(), request, &decider).await?;
        core.refresh_in_force().await?;
        Ok(outcome)
    }
}

/// Refuses everybody else.
pub(super) fn only_administrators(request: &Request) -> Result<(), CommandError> {
    let caller = &request.caller;
    if caller.system.is_some() || caller.role == domain::event::CallerRole::Admin {
        Ok(())
    } else {
        Err(Rejection::NotPermitted { needed: "an administrator's token" }.into())
    }
}
