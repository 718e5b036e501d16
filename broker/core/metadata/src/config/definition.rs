//! What a setting is: one row of the tables in [`super::topic`] and [`super::broker`].

/// The type of a value, as DescribeConfigs reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 16 bits.
    Short,
    /// A whole number of 64 bits.
    Long,
    /// A number.
    Double,
    /// Texts with commas between them.
    List,
    /// The name of a Java class; Klamm loads none.
    Class,
    /// Text that is never shown.
    Password,
}

impl Kind {
    /// The number of the type in DescribeConfigs (KIP-569).
    #[must_use]
    pub const fn wire(self) -> i8 {
        match self {
            Kind::Boolean => 1,
            Kind::String => 2,
            Kind::Int => 3,
            Kind::Short => 4,
            Kind::Long => 5,
            Kind::Double => 6,
            Kind::List => 7,
            Kind::Class => 8,
            Kind::Password => 9,
        }
    }
}

/// Which values of its kind a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Valid {
    /// All.
    Any,
    /// Numbers from this one on.
    From(i64),
    /// Numbers from the first to the second.
    Between(i64, i64),
    /// Numbers from the first to the second, or the third.
    BetweenOr(i64, i64, i64),
    /// One of these texts; in a list, each element must be one, and none twice.
    OneOf(&'static [&'static str]),
    /// One of these texts, in capitals or not.
    OneOfAnyCase(&'static [&'static str]),
    /// What the function says, and what it takes in words.
    Check(fn(&str) -> bool, &'static str),
}

/// How far Klamm does what the setting says.
#[derive(Clone, Copy, Debug)]
pub enum Served {
    /// It does.
    Yes,
    /// It takes every value and needs none: the sentence says why, and DescribeConfigs shows it.
    NoEffect(&'static str),
    /// It takes these values only; others are refused with the sentence.
    Only(&'static [&'static str], &'static str),
}

/// Where a setting may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On a topic.
    Topic,
    /// In a broker's configuration file only.
    ReadOnly,
    /// In the file, and for one broker or all while they run.
    ClusterWide,
}

/// A broker's setting that stands in for a topic's where the topic has none.
#[derive(Clone, Copy, Debug)]
pub struct Synonym {
    /// The broker's setting.
    pub name: &'static str,
    /// What its value is multiplied with: Kafka has `log.retention.hours` besides `.ms`.
    pub factor: i64,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct ConfigDef {
    /// Its name: Kafka's, or `klamm.…`.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// Its value when nobody sets it; `None` is Kafka's null.
    pub default: Option<&'static str>,
    /// Which values it takes.
    pub valid: Valid,
    /// How far Klamm does it.
    pub served: Served,
    /// Where it may be set.
    pub scope: Scope,
    /// For a topic's setting: the broker's settings behind it, the strongest first.
    pub synonyms: &'static [Synonym],
    /// Whether a broker must have it in its file.
    pub required: bool,
    /// What it does, in a sentence or two.
    pub documentation: &'static str,
}

/// The broker's setting `name`, in the topic's own unit.
pub(super) const fn same(name: &'static str) -> Synonym {
    Synonym { name, factor: 1 }
}

/// The broker's setting `name`, in hours where the topic has milliseconds.
pub(super) const fn hours(name: &'static str) -> Synonym {
    Synonym { name, factor: 3_600_000 }
}

/// The broker's setting `name`, in minutes where the topic has milliseconds.
pub(super) const fn minutes(name: &'static str) -> Synonym {
    Synonym { name, factor: 60_000 }
}

const fn define(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    valid: Valid,
    documentation: &'static str,
) -> ConfigDef {
    ConfigDef {
        name,
        kind,
        default,
        valid,
        served: Served::Yes,
        scope: Scope::ReadOnly,
        synonyms: &[],
        required: false,
        documentation,
    }
}

macro_rules! constructors {
    ($($function:ident $kind:ident;)*) => {$(
        pub(super) const fn $function(name: &'static str, default: &'static str, valid: Valid, documentation: &'static str) -> ConfigDef {
            define(name, Kind::$kind, Some(default), valid, documentation)
        }
    )*};
}
constructors! { int Int; short Short; long Long; double Double; text String; list List; }

/// `true` or `false`.
pub(super) const fn flag(
    name: &'static str,
    default: &'static str,
    documentation: &'static str,
) -> ConfigDef {
    define(name, Kind::Boolean, Some(default), Valid::Any, documentation)
}

/// A setting without a default.
pub(super) const fn unset(
    name: &'static str,
    kind: Kind,
    valid: Valid,
    documentation: &'static str,
) -> ConfigDef {
    define(name, kind, None, valid, documentation)
}

impl ConfigDef {
    /// A broker must have it in its file.
    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    /// It may be changed while brokers run.
    pub(super) const fn cluster_wide(self) -> Self {
        Self { scope: Scope::ClusterWide, ..self }
    }
    /// It is a topic's, with these settings of the broker behind it.
    pub(super) const fn topic(self, synonyms: &'static [Synonym]) -> Self {
        Self { scope: Scope::Topic, synonyms, ..self }
    }
    /// It is taken and has no effect, because of `why`.
    pub(super) const fn no_effect(self, why: &'static str) -> Self {
        Self { served: Served::NoEffect(why), ..self }
    }
    /// Values besides `values` are refused, because of `why`.
    pub(super) const fn only(self, values: &'static [&'static str], why: &'static str) -> Self {
        Self { served: Served::Only(values, why), ..self }
    }

    /// Whether its value is never shown.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        matches!(self.kind, Kind::Password)
    }

    /// Whether it can be changed while the broker runs.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.scope != Scope::ReadOnly
    }

    /// What users read: what it does, and how far Klamm does it.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self.served {
            Served::Yes => self.documentation.to_owned(),
            Served::NoEffect(why) => format!("{} Accepted without effect: {why}.", self.documentation),
            Served::Only(values, why) => {
                format!("{} Klamm takes only {} so far: {why}.", self.documentation, values.join(", "))
            }
        }
    }
}
