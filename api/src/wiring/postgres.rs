//! Connects to PostgreSQL: a pool, TLS where requested or needed.

use super::DbParts;
use crate::{
    exit::{Exit, Failure},
    settings::{PostgresSettings, Protected, StoreSettings},
};
use commands::vault::postgres::PostgresVault;
use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use projections::{
    Database,
    store::postgres::{self, PostgresOptions},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn database(
    store: &StoreSettings,
    address: &Protected,
) -> Result<DbParts, Failure> {
    let pool = connect(&store.postgres, address).await?;
    let vault = PostgresVault::open(pool.clone(), &store.postgres.vault_schema).await;
    let vault = vault.map_err(|error| Failure::unavailable(error.to_string()))?;
    let database = postgres::open(pool, options(&store.postgres)).await?;
    Ok(DbParts { vault: Arc::new(vault), database })
}

pub(super) async fn reading_database(
    store: &StoreSettings,
    address: &Protected,
) -> Result<Database, Failure> {
    let pool = connect(&store.postgres, address).await?;
    Ok(postgres::open(pool, options(&store.postgres)).await?)
}

fn options(settings: &PostgresSettings) -> PostgresOptions {
    PostgresOptions {
        data_schema: settings.data_schema.clone(),
        views_schema: settings.views_schema.clone(),
        reader_role: settings.reader_role.clone(),
    }
}

/// A pool that has connected once, so that a wrong address is reported at the start.
async fn connect(settings: &PostgresSettings, address: &Protected) -> Result<Pool, Failure> {
    let pool = pool(settings, address)?;
    if let Err(error) = pool.get().await {
        return Err(unreachable(address, &error));
    }
    Ok(pool)
}

fn unreachable(address: &Protected, error: &PoolError) -> Failure {
    let PoolError::Backend(error) = error else {
        return Failure::unavailable(format!("PostgreSQL at {address} does not answer: {error}"));
    };
    // It answered, and will answer the same again.
    if let Some(answer) = error.as_db_error() {
        let message = answer.message();
        return Failure::new(
            Exit::Damaged,
            format!("PostgreSQL at {address} refuses the connection: {message}"),
        );
    }
    let cause =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    Failure::unavailable(format!("PostgreSQL at {address} cannot be reached: {cause}"))
}

fn pool(settings: &PostgresSettings, address: &Protected) -> Result<Pool, Failure> {
    let mut config: Config = address.expose().parse().map_err(|_| {
        Failure::new(Exit::Usage, format!("setting `db`: `{address}` cannot be read"))
    })?;
    if let Some(password) = &settings.password {
        config.password(password);
    }
    config.connect_timeout(CONNECT_TIMEOUT).application_name("sharelog");
    config.keepalives_idle(Duration::from_secs(30));
    if settings.tls {
        config.ssl_mode(SslMode::Require);
    } else if config.get_ssl_mode() == SslMode::Prefer && is_local(&config) {
        // A server on this machine often has a certificate that nobody vouches for.
        config.ssl_mode(SslMode::Disable);
    }
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        let tls = MakeRustlsConnect::new(tls(settings.ca.as_deref())?);
        Manager::from_config(config, tls, recycling)
    };
    Pool::builder(manager)
        .max_size(settings.connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(CONNECT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .build()
        .map_err(|error| Failure::failed(format!("cannot make the connection pool: {error}")))
}

fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name == "127.0.0.1" || name == "::1",
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// TLS that trusts what this machine trusts, and one authority more.
pub(crate) fn tls(ca: Option<&Path>) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // One of the machine's certificates that cannot be read vouches for nobody; others do.
        drop(roots.add(certificate));
    }
    if let Some(path) = ca {
        let wrong = |detail: String| {
            Failure::new(Exit::Usage, format!("setting `db_ca`: {}: {detail}", path.display()))
        };
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::failed(format!("TLS cannot be used: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
