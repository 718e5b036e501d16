//! A broker's configuration file, checked: only valid settings exist in it.

use super::{
    ConfigDef, ConfigError, broker_def, broker_definitions, effective::Values, elements, parse_listeners,
};
use crate::Release;
use klamm_types::Str;
use std::str::FromStr;

/// What a broker's configuration file sets, checked against the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    values: Values,
    /// What the program serves that they configure.
    pub release: &'static Release,
}

impl Settings {
    /// Checks the file's keys and values, each for itself and against each other.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that is wrong.
    pub fn new<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError> {
        let mut values = Values::new();
        for (name, value) in pairs {
            let definition = broker_def(name.as_ref())?;
            let value = value.as_ref().trim();
            // an empty value of a list or text with a default of null is Kafka's way to leave it unset
            if value.is_empty() && definition.default.is_none() {
                continue;
            }
            definition.check(value)?;
            values.insert(Str::from_static(definition.name), Str::from(value));
        }
        let settings = Self { values, release: Release::THIS };
        settings.check_required()?;
        settings.check_node_id()?;
        settings.check_listeners()?;
        Ok(settings)
    }

    fn check_required(&self) -> Result<(), ConfigError> {
        let missing =
            |definition: &&ConfigDef| definition.required && !self.values.contains_key(definition.name);
        match broker_definitions().find(missing) {
            Some(definition) if !self.values.contains_key("broker.id") => {
                Err(ConfigError::Missing { name: definition.name, takes: definition.takes() })
            }
            _ => Ok(()),
        }
    }

    fn check_node_id(&self) -> Result<(), ConfigError> {
        match (self.values.get("node.id"), self.values.get("broker.id")) {
            (Some(node), Some(broker)) if node != broker => Err(ConfigError::Together(format!(
                "node.id is {node} and broker.id is {broker}: they must be equal"
            ))),
            _ => Ok(()),
        }
    }

    fn check_listeners(&self) -> Result<(), ConfigError> {
        let listeners = self.get("listeners").unwrap_or_default();
        let names: Vec<&str> =
            parse_listeners(&listeners).unwrap_or_default().iter().map(|one| one.name).collect();
        let controllers = self.get("controller.listener.names").unwrap_or_default();
        let advertised = self.get("advertised.listeners").unwrap_or_default();
        for one in parse_listeners(&advertised).unwrap_or_default() {
            if !names.contains(&one.name) {
                return Err(ConfigError::Together(format!(
                    "advertised.listeners names {}, which is not among the listeners {}",
                    one.name,
                    names.join(", ")
                )));
            }
        }
        self.check_listeners_of_roles(&names, &controllers)?;
        self.check_internal_listeners(&names)?;
        self.check_protocols(&names, &controllers)
    }

    /// Every node listens for clients, and for controllers only who is one (KIP-631).
    fn check_listeners_of_roles(&self, names: &[&str], controllers: &str) -> Result<(), ConfigError> {
        let is_controllers = |name: &&&str| elements(controllers).any(|controller| controller == **name);
        let (internal, clients): (Vec<&str>, Vec<&str>) = names.iter().partition(is_controllers);
        if clients.is_empty() {
            return Err(ConfigError::Together(
                "listeners has only controller.listener.names: clients need one of their own".to_owned(),
            ));
        }
        if !self.is_controller() && !internal.is_empty() {
            return Err(ConfigError::Together(format!(
                "listeners has {}, which controller.listener.names keeps for controllers, and process.roles is broker",
                internal.join(", ")
            )));
        }
        Ok(())
    }

    /// The listeners between nodes are among this node's own, where it has them.
    fn check_internal_listeners(&self, names: &[&str]) -> Result<(), ConfigError> {
        let set = |setting: &'static str| Some((setting, self.values.get(setting)?));
        let controllers = set("controller.listener.names").filter(|_| self.is_controller());
        let brokers = set("inter.broker.listener.name");
        for (setting, value) in [controllers, brokers].into_iter().flatten() {
            if let Some(unknown) = elements(value).find(|name| !names.contains(name)) {
                return Err(ConfigError::Together(format!(
                    "{setting} names {unknown}, which is not among the listeners {}",
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Each listener has a protocol; those of controllers may do without while nothing else is said of any (KIP-631).
    fn check_protocols(&self, names: &[&str], controllers: &str) -> Result<(), ConfigError> {
        let map = self.get("listener.security.protocol.map").unwrap_or_default();
        let said = self.values.contains_key("listener.security.protocol.map");
        let has =
            |name: &str| elements(&map).any(|pair| pair.split_once(':').is_some_and(|(one, _)| one == name));
        let excused = |name: &str| !said && elements(controllers).any(|controller| controller == name);
        match names.iter().find(|name| !has(name) && !excused(name)) {
            None => Ok(()),
            Some(name) => Err(ConfigError::Together(format!(
                "listener.security.protocol.map says nothing of the listener {name}: it takes {name}:PLAINTEXT or {name}:SSL"
            ))),
        }
    }

    /// What the file sets, by name: the layer below the dynamic ones.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The value of a setting, or its default; none where it has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Str> {
        let set = self.values.get(name).cloned();
        set.or_else(|| broker_def(name).ok()?.default.map(Str::from_static))
    }

    /// A number's value, or its default; none where it has none.
    #[must_use]
    pub fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether this node may vote in the metadata quorum and lead it (`process.roles`).
    #[must_use]
    pub fn is_controller(&self) -> bool {
        elements(&self.get("process.roles").unwrap_or_default()).any(|role| role == "controller")
    }

    /// `node.id`, or `broker.id` of older files.
    #[must_use]
    pub fn node_id(&self) -> klamm_types::BrokerId {
        let id = self.values.get("node.id").or_else(|| self.values.get("broker.id"));
        klamm_types::BrokerId(id.and_then(|id| id.parse().ok()).expect("checked when it was made"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &[(&str, &str)], expected: &str) {
        let said =
            Settings::new(file.iter().copied()).map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(said, expected);
    }

    #[test]
    fn what_contradicts_is_refused() {
        check(&[("node.id", "1")], "");
        check(&[], "node.id is missing: it takes a whole number from 0 to 2147483647");
        check(&[("node.id", "1"), ("broker.id", "2")], "node.id is 1 and broker.id is 2: they must be equal");
        check(
            &[("node.id", "1"), ("listeners", "A://h:1"), ("advertised.listeners", "B://h:1")],
            "advertised.listeners names B, which is not among the listeners A",
        );
        check(
            &[("node.id", "1"), ("listeners", "A://h:1")],
            "listener.security.protocol.map says nothing of the listener A: it takes A:PLAINTEXT or A:SSL",
        );
        let both = ("listeners", "PLAINTEXT://h:1,CONTROLLER://h:2");
        check(&[("node.id", "1"), both], "");
        check(
            &[("node.id", "1"), both, ("listener.security.protocol.map", "PLAINTEXT:SSL")],
            "listener.security.protocol.map says nothing of the listener CONTROLLER: it takes CONTROLLER:PLAINTEXT or CONTROLLER:SSL",
        );
        check(
            &[("node.id", "1"), both, ("controller.listener.names", "VOTERS")],
            "controller.listener.names names VOTERS, which is not among the listeners PLAINTEXT, CONTROLLER",
        );
        check(
            &[("node.id", "1"), both, ("inter.broker.listener.name", "BROKERS")],
            "inter.broker.listener.name names BROKERS, which is not among the listeners PLAINTEXT, CONTROLLER",
        );
        check(
            &[("node.id", "1"), ("listeners", "CONTROLLER://h:1")],
            "listeners has only controller.listener.names: clients need one of their own",
        );
        check(
            &[("node.id", "1"), ("log.dirs", "/a"), ("num.io.thread", "8")],
            "there is no broker setting num.io.thread; did you mean num.io.threads?",
        );
        let broker = ("process.roles", "broker");
        check(&[("node.id", "1"), broker, ("listeners", "PLAINTEXT://h:1")], "");
        check(
            &[("node.id", "1"), broker, both],
            "listeners has CONTROLLER, which controller.listener.names keeps for controllers, and process.roles is broker",
        );
        check(
            &[("node.id", "1"), ("process.roles", "controller")],
            "process.roles=controller is not served yet: whoever may vote in the quorum is a broker too; it takes broker,controller, controller,broker, broker",
        );
    }

    #[test]
    fn values_have_their_type() {
        let settings = Settings::new([("broker.id", "7"), ("num.partitions", " 12 ")]).expect("valid");
        assert_eq!(settings.node_id(), klamm_types::BrokerId(7));
        assert_eq!(settings.number("num.partitions"), Some(12));
        assert_eq!(settings.number::<i64>("log.retention.ms"), None);
        assert!(settings.flag("auto.create.topics.enable"));
    }
}
