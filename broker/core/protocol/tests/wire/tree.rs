//! What a derived `Debug` prints, as a tree in which two codecs can be compared: names of types and wrappers do not count, nor does the
//! difference between null, empty and absent (the bytes tell those apart).

use klamm_types::Uuid;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq)]
pub enum Tree {
    Nothing,
    Leaf(String),
    List(Vec<Tree>),
    Structure(BTreeMap<String, Tree>),
}

impl Tree {
    pub fn of(print: &str) -> Tree {
        let mut parser = Parser { rest: print };
        let tree = parser.value();
        assert!(parser.rest.is_empty(), "not understood: {}", parser.rest);
        tree
    }

    /// Where `other` says something else. What only one of them has is not compared: a codec for an older Kafka has fewer fields.
    pub fn differs(&self, other: &Tree, path: &str) -> Option<String> {
        match (self, other) {
            (Tree::Structure(one), Tree::Structure(two)) => {
                let shared = one.iter().filter_map(|(name, value)| Some((name, value, two.get(name)?)));
                shared.into_iter().find_map(|(name, one, two)| one.differs(two, &format!("{path}.{name}")))
            }
            (Tree::List(one), Tree::List(two)) if one.len() == two.len() => {
                one.iter().zip(two).find_map(|(one, two)| one.differs(two, &format!("{path}[]")))
            }
            _ if self == other => None,
            _ => Some(format!("{path}: {self:?} is not {other:?}")),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self) -> Tree {
        if self.eat("b\"") || self.eat("\"") {
            return self.quoted();
        }
        if self.eat("[") {
            return self.list("]");
        }
        if self.eat("{") {
            self.list("}"); // a map: only unknown tagged fields, of which there are none
            return Tree::Nothing;
        }
        let word = self.word();
        if self.eat(" {") {
            return self.structure();
        }
        if self.eat("(") {
            let Tree::List(mut inner) = self.list(")") else { return Tree::Nothing };
            return if inner.len() == 1 { inner.remove(0) } else { Tree::List(inner) };
        }
        leaf(word)
    }

    fn quoted(&mut self) -> Tree {
        let mut escaped = false;
        let end = self.rest.find(|letter| {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        let end = end.expect("a closing quote");
        let text = self.rest[..end].to_owned();
        self.rest = &self.rest[end + 1..];
        if text.is_empty() { Tree::Nothing } else { Tree::Leaf(text) }
    }

    fn list(&mut self, end: &str) -> Tree {
        let mut list = Vec::new();
        while !self.eat(end) {
            list.push(self.value());
            self.eat(", ");
        }
        if list.is_empty() { Tree::Nothing } else { Tree::List(list) }
    }

    fn structure(&mut self) -> Tree {
        let mut fields = BTreeMap::new();
        while !self.eat(" }") {
            self.eat(",");
            self.eat(" ");
            let name = self.word().replace('_', "");
            assert!(self.eat(": "), "a field at {}", self.rest);
            let value = self.value();
            if !name.starts_with("unknown") {
                fields.insert(name, value);
            }
        }
        // the wrapper of a text
        match fields.remove("inner") {
            Some(inner) => inner,
            None => Tree::Structure(fields),
        }
    }

    fn word(&mut self) -> String {
        let end = self.rest.find([' ', ',', ':', '(', ')', '{', '}', '[', ']']).unwrap_or(self.rest.len());
        let word = self.rest[..end].to_owned();
        self.rest = &self.rest[end..];
        word
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn leaf(word: String) -> Tree {
    if word == "None" {
        return Tree::Nothing;
    }
    let hex: String = word.chars().filter(|letter| *letter != '-').collect();
    match (word.len(), u128::from_str_radix(&hex, 16)) {
        (36, Ok(bits)) => Tree::Leaf(Uuid(bits.to_be_bytes()).to_string()),
        _ => Tree::Leaf(word),
    }
}

#[test]
fn trees_tell_values_apart() {
    let ours = Tree::of(
        r#"A { name: Some("x"), list: [B { k: 1 }], id: AAAAAAAAAAAAAAAAAAAAAQ, r: Bytes(b"\"\x01") }"#,
    );
    let theirs = r#"AData { name: Some(KafkaString { inner: b"x" }), list: [BData { k: 1, _unknown_tagged_fields: [] }],
        id: KafkaUuid(00000000-0000-0000-0000-000000000001), r: b"\"\x01" }"#
        .replace("\n       ", "");
    assert_eq!(ours.differs(&Tree::of(&theirs), ""), None);
    let wrong = Tree::of(&theirs.replace("k: 1", "k: 2"));
    assert!(ours.differs(&wrong, "").unwrap().starts_with(".list[].k"));
}
