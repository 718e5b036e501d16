//! What a schema says about a message. All versions are resolved: clipped to those of what surrounds a field.

/// Versions from and to, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Versions {
    /// The first.
    pub from: i16,
    /// The last.
    pub to: i16,
}

impl Versions {
    /// Those that are in both.
    #[must_use]
    pub fn clip(self, outer: Versions) -> Option<Versions> {
        let both = Versions { from: self.from.max(outer.from), to: self.to.min(outer.to) };
        (both.from <= both.to).then_some(both)
    }

    /// Whether a version is among them.
    #[must_use]
    pub fn contains(self, version: i16) -> bool {
        (self.from..=self.to).contains(&version)
    }
}

impl std::fmt::Display for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to {
            return write!(f, "{}", self.from);
        }
        write!(f, "{}–{}", self.from, self.to)
    }
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What precedes a request or a response.
    Header,
    /// What is asked.
    Request,
    /// What answers.
    Response,
    /// Anything else: control records, files, what clients put into opaque bytes.
    Data,
    /// A record of the metadata log.
    Metadata,
    /// The key of a record of a coordinator's topic.
    CoordinatorKey,
    /// The value of such a record.
    CoordinatorValue,
}

/// One message: the first structure is its body, the others are those that it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it is for.
    pub kind: Kind,
    /// Kafka's name.
    pub name: String,
    /// The API key, or the type of a record.
    pub key: Option<i16>,
    /// Where it is.
    pub versions: Versions,
    /// The first flexible version (KIP-482).
    pub flexible: Option<i16>,
    /// The body first.
    pub structures: Vec<Structure>,
}

/// A list of fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// Kafka's name.
    pub name: String,
    /// Where it is.
    pub versions: Versions,
    /// In the order of the wire; tagged fields anywhere among them.
    pub fields: Vec<Field>,
}

/// A field of a structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Kafka's name.
    pub name: String,
    /// What it holds.
    pub kind: Type,
    /// Where it is.
    pub versions: Versions,
    /// Where null is allowed.
    pub nullable: Option<Versions>,
    /// Its tag, if it is a tagged field (KIP-482).
    pub tag: Option<u32>,
    /// May be dropped where the version cannot carry it.
    pub ignorable: bool,
    /// Has the old encoding also in flexible versions (the client id of the request header).
    pub inflexible: bool,
    /// What it holds where it is not.
    pub default: Default,
}

/// A default.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    /// Zero, false, empty.
    Zero,
    /// Null.
    Null,
    /// True.
    True,
    /// This number.
    Number(i64),
}

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// One byte.
    Bool,
    /// A number, by Rust's name.
    Number(&'static str),
    /// UTF-8 text.
    String,
    /// Opaque bytes.
    Bytes,
    /// Record batches, opaque here.
    Records,
    /// 16 bytes.
    Uuid,
    /// A structure of the message, by name.
    Structure(String),
    /// A list.
    Array(Box<Type>),
}

impl Type {
    /// By Kafka's name.
    #[must_use]
    pub fn named(name: &str) -> Type {
        match name {
            "bool" => Type::Bool,
            "int8" => Type::Number("i8"),
            "int16" => Type::Number("i16"),
            "int32" => Type::Number("i32"),
            "int64" => Type::Number("i64"),
            "uint16" => Type::Number("u16"),
            "uint32" => Type::Number("u32"),
            "float64" => Type::Number("f64"),
            "string" => Type::String,
            "bytes" => Type::Bytes,
            "records" => Type::Records,
            "uuid" => Type::Uuid,
            other => match other.strip_prefix("[]") {
                Some(element) => Type::Array(Box::new(Type::named(element))),
                None => Type::Structure(other.to_owned()),
            },
        }
    }
}

impl Message {
    /// Whether a version has compact lengths and tagged fields (KIP-482).
    #[must_use]
    pub fn is_flexible(&self, version: i16) -> bool {
        self.flexible.is_some_and(|from| version >= from)
    }

    /// A structure by name.
    #[must_use]
    pub fn structure(&self, name: &str) -> Option<&Structure> {
        self.structures.iter().find(|structure| structure.name == name)
    }

    /// The fewest bytes that a value of this type takes in a version.
    #[must_use]
    pub fn least(&self, kind: &Type, version: i16) -> usize {
        let flexible = self.is_flexible(version);
        match kind {
            Type::Bool => 1,
            Type::Number(name) => name[1..].parse::<usize>().expect("numbers are named after their bits") / 8,
            Type::Uuid => 16,
            Type::String => {
                if flexible {
                    1
                } else {
                    2
                }
            }
            Type::Bytes | Type::Records | Type::Array(_) => {
                if flexible {
                    1
                } else {
                    4
                }
            }
            Type::Structure(name) => self.structure(name).map_or(0, |s| self.least_of(s, version)),
        }
    }

    /// The fewest bytes that a structure takes in a version.
    #[must_use]
    pub fn least_of(&self, structure: &Structure, version: i16) -> usize {
        let present = |field: &&Field| field.tag.is_none() && field.versions.contains(version);
        let least = |field: &Field| match (&field.kind, field.nullable) {
            (Type::Structure(_), Some(nullable)) if nullable.contains(version) => 1,
            (Type::String, _) if field.inflexible => 2,
            (kind, _) => self.least(kind, version),
        };
        let tags = usize::from(self.is_flexible(version));
        structure.fields.iter().filter(present).map(least).sum::<usize>() + tags
    }
}
