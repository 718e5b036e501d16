//! A cluster of one broker for the tests of the API files.

use klamm_metadata::{
    Image, Position,
    decide::{Registration, register_broker, unfence_broker},
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
    let registered = register_broker(&Image::default(), &me, Offset(5)).expect("it is the first");
    let (image, _) = Image::default().apply(&registered, Position::default()).expect("it fits");
    let unfenced = unfence_broker(&image, ME, BrokerEpoch(5)).expect("it is registered");
    image.apply(&unfenced, Position::default()).expect("it fits").0
}
