//! DescribeConfigs (KIP-133, KIP-226, KIP-569): all settings with their values, sources and explanations.

use super::{Call, resource};
use klamm_metadata::{
    Image, ResourceKind,
    config::{Described, Layers, Scope, Source, SynonymValue, broker_def},
    decide::Refused,
};
use klamm_protocol::{
    DescribeConfigsRequest, DescribeConfigsResponse, ErrorCode,
    describe_configs_request::DescribeConfigsResource,
    describe_configs_response::{
        DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
    },
};
use klamm_types::{BrokerId, Str};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let image = call.broker.image();
    let layers = image.layers(call.broker.id, call.broker.settings.values());
    let results = request.resources.iter().map(|one| match describe(&image, layers, call.broker.id, one) {
        Ok(settings) => DescribeConfigsResult {
            resource_type: one.resource_type,
            resource_name: one.resource_name.clone(),
            configs: settings.into_iter().map(|setting| told(setting, &request)).collect(),
            ..Default::default()
        },
        Err(error) => DescribeConfigsResult {
            error_code: error.code.code(),
            error_message: Some(Str::from(error.message)),
            resource_type: one.resource_type,
            resource_name: one.resource_name.clone(),
            ..Default::default()
        },
    });
    DescribeConfigsResponse { results: results.collect(), ..Default::default() }
}

/// The settings of a resource that the request names, or all.
fn describe(
    image: &Image,
    layers: Layers<'_>,
    me: BrokerId,
    one: &DescribeConfigsResource,
) -> Result<Vec<Described>, Refused> {
    let resource = resource::wanted(one.resource_type, &one.resource_name)?;
    let name = &resource.name;
    let mut all = match resource.kind {
        ResourceKind::Topic if image.topic(name).is_none() => {
            return Err(Refused::new(
                ErrorCode::UnknownTopicOrPartition,
                format!("there is no topic {name}"),
            ));
        }
        ResourceKind::Topic => layers.describe_topic(image.config(&resource)),
        ResourceKind::Broker if name.is_empty() => all_brokers(image, &resource),
        ResourceKind::Broker if name.parse() == Ok(me.0) => layers.describe_broker(),
        ResourceKind::Broker => {
            let text = format!(
                "this is broker {me}: it knows its own settings and those of all brokers, not those of {name:?}"
            );
            return Err(Refused::new(ErrorCode::InvalidRequest, text));
        }
    };
    // Kafka's clients send an empty list for "all" too
    if let Some(keys) = one.configuration_keys.as_ref().filter(|keys| !keys.is_empty()) {
        all.retain(|setting| keys.iter().any(|key| *key == setting.definition.name));
    }
    Ok(all)
}

/// What is set on all brokers while they run: only that, as in Kafka.
fn all_brokers(image: &Image, resource: &klamm_metadata::Resource) -> Vec<Described> {
    let described = |(name, value): (&Str, &Str)| {
        let definition = broker_def(name).ok()?;
        let value = (!definition.is_sensitive()).then(|| value.clone());
        let synonym = SynonymValue { name: name.clone(), value: value.clone(), source: Source::AllBrokers };
        Some(Described { definition, value, source: Source::AllBrokers, synonyms: vec![synonym] })
    };
    image.config(resource).iter().filter_map(described).collect()
}

fn told(setting: Described, request: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let definition = setting.definition;
    let synonym = |one: SynonymValue| DescribeConfigsSynonym {
        name: one.name,
        value: one.value,
        source: one.source.wire(),
    };
    DescribeConfigsResourceResult {
        name: Str::from_static(definition.name),
        value: setting.value,
        read_only: definition.scope == Scope::ReadOnly,
        config_source: setting.source.wire(),
        is_sensitive: definition.is_sensitive(),
        synonyms: if request.include_synonyms {
            setting.synonyms.into_iter().map(synonym).collect()
        } else {
            Vec::new()
        },
        config_type: definition.kind.wire(),
        documentation: request.include_documentation.then(|| Str::from(definition.explanation())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::samples;
    use klamm_metadata::config::Values;

    fn asked(kind: i8, name: &str, keys: Option<&[&str]>) -> Result<Vec<String>, ErrorCode> {
        let image = samples::image();
        let file: Values = [("num.io.threads".into(), "16".into())].into();
        let configuration_keys = keys.map(|keys| keys.iter().map(|key| Str::from(*key)).collect());
        let one =
            DescribeConfigsResource { resource_type: kind, resource_name: name.into(), configuration_keys };
        let described = describe(&image, image.layers(samples::ME, &file), samples::ME, &one)
            .map_err(|error| error.code)?;
        let shown = |one: &Described| {
            format!(
                "{}={} from {}",
                one.definition.name,
                one.value.as_deref().unwrap_or("null"),
                one.source.wire()
            )
        };
        Ok(described.iter().map(shown).collect())
    }

    #[test]
    fn a_broker_tells_its_own() {
        let some = asked(4, "3", Some(&["num.io.threads", "log.retention.ms"]));
        assert_eq!(
            some,
            Ok(vec!["log.retention.ms=null from 5".to_owned(), "num.io.threads=16 from 4".to_owned()])
        );
        assert!(asked(4, "3", None).is_ok_and(|all| all.len() > 100));
        assert!(asked(4, "3", Some(&[])).is_ok_and(|all| all.len() > 100));
        assert_eq!(asked(4, "", None), Ok(Vec::new()), "nothing is set on all brokers");
        assert_eq!(asked(4, "4", None), Err(ErrorCode::InvalidRequest));
        assert_eq!(asked(2, "absent", None), Err(ErrorCode::UnknownTopicOrPartition));
        assert_eq!(asked(8, "3", None), Err(ErrorCode::InvalidRequest));
    }
}
