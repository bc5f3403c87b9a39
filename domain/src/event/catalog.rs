//! The macro behind the catalogue: enums, stored names and decoding from one list.

/// Makes the event types from a list of stored names, versions and payloads.
macro_rules! catalog {
    ($($group:ident($events:ident) {
        $($variant:ident($payload:ident) = $name:literal v $version:literal;)*
    })*) => {
        /// The type of a stored event. Its name and version are a storage format.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde_with::SerializeDisplay, serde_with::DeserializeFromStr,
        )]
        pub enum EventType {
            $($(#[doc = concat!("`", $name, "`")] $payload,)*)*
        }

        impl EventType {
            /// Every type, in the order of the catalogue.
            pub const ALL: &[Self] = &[$($(Self::$payload,)*)*];

            /// Stored name.
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$payload => $name,)*)* }
            }

            /// Current version.
            pub const fn version(self) -> u32 {
                match self { $($(Self::$payload => $version,)*)* }
            }

            /// The kind of streams that it is stored in.
            pub const fn stream_kind(self) -> StreamKind {
                match self { $($(Self::$payload)|* => StreamKind::$group,)* }
            }
        }

        impl std::str::FromStr for EventType {
            type Err = UnknownEventType;
            fn from_str(name: &str) -> Result<Self, UnknownEventType> {
                match name {
                    $($($name => Ok(Self::$payload),)*)*
                    _ => Err(UnknownEventType(name.chars().take(64).collect())),
                }
            }
        }

        $(
            #[doc = concat!("The events of `", stringify!($group), "` streams.")]
            #[derive(Debug, Clone, PartialEq)]
            #[allow(clippy::large_enum_variant, reason = "few are held at once, none is copied")]
            pub enum $events {
                $(#[doc = concat!("`", $name, "`")] $variant($payload),)*
            }

            impl CatalogEvent for $events {
                fn event_type(&self) -> EventType {
                    match self { $(Self::$variant(_) => EventType::$payload,)* }
                }
                fn payload(&self) -> &dyn Payload {
                    match self { $(Self::$variant(payload) => payload,)* }
                }
                fn to_stored(&self) -> Result<Box<RawValue>, serde_json::Error> {
                    match self { $(Self::$variant(payload) => to_raw_value(payload),)* }
                }
            }

            impl HoldsPrivateText for $events {
                fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
                    match self { $(Self::$variant(payload) => payload.private_texts(),)* }
                }
            }

            impl From<$events> for Event {
                fn from(event: $events) -> Self {
                    Self::$group(event)
                }
            }

            impl AggregateEvent for $events {
                const STREAM: StreamKind = StreamKind::$group;
            }

            impl TryFrom<Event> for $events {
                type Error = EventType;
                fn try_from(event: Event) -> Result<Self, EventType> {
                    let Event::$group(event) = event else { return Err(event.event_type()) };
                    Ok(event)
                }
            }
        )*

        /// Every event that can be stored in the log.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "few are held at once, none is copied")]
        pub enum Event {
            $(
                #[doc = concat!("An event of a `", stringify!($group), "` stream.")]
                $group($events),
            )*
        }

        impl Event {
            /// Reads a stored event of any version this release knows.
            pub fn decode(name: &str, version: u32, data: Value) -> Result<Self, DecodeError> {
                let event_type = known(name, version)?;
                let undecodable = |detail: String| event_type.undecodable(version, detail);
                let data = upcast::to_version(event_type, version, data).map_err(undecodable)?;
                match event_type {
                    $($(EventType::$payload => serde_json::from_value(data)
                        .map(|payload| Self::$group($events::$variant(payload))),)*)*
                }
                .map_err(|error| undecodable(error.to_string()))
            }

            /// Reads a stored event from its bytes: straight into the payload where nothing has to
            /// be raised.
            pub fn read(name: &str, version: u32, data: &str) -> Result<Self, DecodeError> {
                let event_type = known(name, version)?;
                let undecodable =
                    |error: serde_json::Error| event_type.undecodable(version, error.to_string());
                if version != event_type.version() {
                    let data = serde_json::from_str(data).map_err(undecodable)?;
                    return Self::decode(name, version, data);
                }
                match event_type {
                    $($(EventType::$payload => serde_json::from_str(data)
                        .map(|payload| Self::$group($events::$variant(payload))),)*)*
                }
                .map_err(undecodable)
            }
        }

        impl CatalogEvent for Event {
            fn event_type(&self) -> EventType {
                match self { $(Self::$group(event) => event.event_type(),)* }
            }
            fn payload(&self) -> &dyn Payload {
                match self { $(Self::$group(event) => event.payload(),)* }
            }
            fn to_stored(&self) -> Result<Box<RawValue>, serde_json::Error> {
                match self { $(Self::$group(event) => event.to_stored(),)* }
            }
        }

        impl HoldsPrivateText for Event {
            fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
                match self { $(Self::$group(event) => event.private_texts(),)* }
            }
        }

        /// The schema of every payload: what the payload table is made from.
        #[cfg(feature = "docs")]
        pub fn schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(EventType, schemars::Schema)> {
            vec![$($((EventType::$payload, generator.root_schema_for::<$payload>()),)*)*]
        }
    };
}
pub(super) use catalog;
