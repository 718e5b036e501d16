use super::*;
use crate::{ELR_VERSION, FeatureRange, KRAFT_VERSION, METADATA_VERSION};

#[test]
fn levels_change_where_every_node_serves_them() {
    let image = brokers(&[None, None]);
    let update = |name: &str, level, change: i8| FeatureUpdate {
        name: name.into(),
        level,
        change: FeatureChange::from_wire(change),
    };
    let check_on =
        |image: &Image, updates: &[FeatureUpdate], expected: Result<&[(&str, i16)], (ErrorCode, &str)>| {
            let got = update_features(image, updates);
            match (got, expected) {
                (Ok(records), Ok(expected)) => {
                    let after = then(image, &records);
                    for (name, level) in expected {
                        assert_eq!(after.features.level(name), *level, "{name}");
                    }
                }
                (Err(refused), Err((code, part))) => {
                    assert!(refused.code == code && refused.message.contains(part), "{refused:?}");
                }
                (got, expected) => panic!("{updates:?}: {got:?} instead of {expected:?}"),
            }
        };
    let check = |updates: &[FeatureUpdate], expected| check_on(&image, updates, expected);
    let (upgrade, safe, unsafe_) = (1, 2, 3);
    let no = |part: &'static str| Err((ErrorCode::InvalidUpdateVersion, part));
    check(&[update(ELR_VERSION, 1, upgrade)], Ok(&[(ELR_VERSION, 1)]));
    check(&[update(ELR_VERSION, 0, safe)], Ok(&[(ELR_VERSION, 0)]));
    check(&[update(ELR_VERSION, 0, upgrade)], no("needs a safe or an unsafe downgrade"));
    check(&[update(ELR_VERSION, 2, upgrade)], no("has levels 0 to 1, not 2"));
    check(&[update(ELR_VERSION, 1, 7)], no("an update is"));
    check(&[update("tea.version", 1, upgrade)], no("there is no feature tea.version"));
    check(&[update(METADATA_VERSION, 29, safe)], no("needs an unsafe downgrade"));
    check(&[update(METADATA_VERSION, 29, unsafe_)], Ok(&[(METADATA_VERSION, 29)]));
    check(&[update(METADATA_VERSION, 0, unsafe_)], no("has levels 25 to 30, not 0"));
    check(&[update(KRAFT_VERSION, 1, upgrade)], Ok(&[]));
    check(&[update(KRAFT_VERSION, 0, safe)], no("cannot go down"));
    let twice = [update(ELR_VERSION, 0, safe), update(ELR_VERSION, 1, upgrade)];
    check(&twice, Err((ErrorCode::InvalidRequest, "twice")));
    // all or none
    let half = [update(ELR_VERSION, 0, safe), update("tea.version", 1, upgrade)];
    check(&half, no("tea.version"));

    // a broker of an older version joins while the level is low, and then holds it there
    let low = then(
        &image,
        &update_features(&image, &[update(METADATA_VERSION, 27, unsafe_)]).expect("it is served"),
    );
    let older = Registration {
        id: BrokerId(2),
        directories: vec![volume(2)],
        features: vec![
            FeatureRange { name: METADATA_VERSION.into(), min: 7, max: 27 },
            FeatureRange { name: ELR_VERSION.into(), min: 0, max: 1 },
        ],
        ..Registration::default()
    };
    let (_, records) =
        register_broker(rules(&low), &older, false, Offset(9)).expect("it serves what is finalised");
    let mixed = then(&low, &records);
    assert_eq!(mixed.features.record_version(&records[0]), 3, "a registration that the older one reads");
    assert_eq!(image.features.record_version(&records[0]), 4);
    check_on(
        &mixed,
        &[update(METADATA_VERSION, 30, upgrade)],
        no("broker 2 does not serve metadata.version 30"),
    );
    check_on(&low, &[update(METADATA_VERSION, 30, upgrade)], Ok(&[(METADATA_VERSION, 30)]));
}
