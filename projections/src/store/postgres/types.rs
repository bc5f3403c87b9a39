//! Converts cells to PostgreSQL values and back: binary formats of the five types that tables use.

use crate::value::Value;
use bytes::BytesMut;
use domain::time::Time;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) if *ty == Type::TIMESTAMPTZ => {
                number.saturating_sub(EPOCH).to_sql(&Type::INT8, out)
            }
            Self::Int(number) => number.to_sql(ty, out),
            Self::Bool(yes) => yes.to_sql(ty, out),
            Self::Time(micros) => micros.saturating_sub(EPOCH).to_sql(&Type::INT8, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Json(text) => {
                if *ty == Type::JSONB {
                    out.extend_from_slice(&[1]);
                }
                text.to_sql(&Type::TEXT, out)
            }
        }
    }

    fn accepts(ty: &Type) -> bool {
        [
            Type::TEXT,
            Type::VARCHAR,
            Type::NAME,
            Type::INT8,
            Type::INT4,
            Type::BOOL,
            Type::TIMESTAMPTZ,
            Type::JSON,
            Type::JSONB,
        ]
        .contains(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        match *ty {
            Type::INT8 => Ok(Self::Int(i64::from_sql(ty, raw)?)),
            Type::INT4 => Ok(Self::Int(i64::from(i32::from_sql(ty, raw)?))),
            Type::BOOL => Ok(Self::Bool(bool::from_sql(ty, raw)?)),
            Type::TIMESTAMPTZ => {
                let micros = i64::from_sql(&Type::INT8, raw)?.saturating_add(EPOCH);
                Time::from_micros(micros)?;
                Ok(Self::Time(micros))
            }
            Type::JSONB => {
                Ok(Self::Json(String::from_sql(&Type::TEXT, raw.get(1..).unwrap_or_default())?))
            }
            Type::JSON => Ok(Self::Json(String::from_sql(&Type::TEXT, raw)?)),
            _ => Ok(Self::Text(String::from_sql(&Type::TEXT, raw)?)),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        <Self as ToSql>::accepts(ty)
    }
}
