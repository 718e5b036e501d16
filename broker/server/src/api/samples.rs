//! A cluster of one broker for the tests of the API files.

use klamm_metadata::{
    Image, Position,
    config::Values,
    decide::{Registration, Rules, register_broker, unfence_broker},
};
use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, Offset, Uuid};

/// The broker.
pub const ME: BrokerId = BrokerId(3);

/// The broker, and no topic.
pub fn image() -> Image {
    let me = Registration {
        id: ME,
        incarnation: Uuid([1; 16]),
        directories: vec![DirectoryId(Uuid([7; 16]))],
        ..Registration::default()
    };
    let (image, file) = (Image::default(), Values::new());
    let rules = Rules { image: &image, me: ME, file: &file };
    let (_, registered) = register_broker(rules, &me, false, Offset(5)).expect("it is the first");
    let (image, _) = image.apply(&registered, Position::default()).expect("it fits");
    let rules = Rules { image: &image, me: ME, file: &file };
    let unfenced = unfence_broker(rules, ME, BrokerEpoch(5)).expect("it is registered");
    image.apply(&unfenced, Position::default()).expect("it fits").0
}
