//! Hidden entropy: the standard library seeds its hash maps through the C function `getrandom`, and so do crates that draw
//! keys. In a thread of the simulation this override answers from the seed; elsewhere it asks the kernel.

#![allow(unsafe_code)] // a symbol for the linker and the caller's buffer; this file is all of it

use crate::Random;
use std::cell::RefCell;

thread_local! {
    static HIDDEN: RefCell<Option<Random>> = const { RefCell::new(None) };
}

/// From now on this thread's hidden entropy comes from `random`.
pub(crate) fn seed_this_thread(random: Random) {
    HIDDEN.set(Some(random));
}

/// The C library's function, which a definition in the program takes precedence over.
///
/// # Safety
/// As for `getrandom(2)`: `buffer` is valid for writes of `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize {
    if length == 0 {
        return 0;
    }
    // SAFETY: the caller promises `length` writable bytes; u8 has no invalid values
    let buffer = unsafe {
        std::ptr::write_bytes(buffer, 0, length);
        std::slice::from_raw_parts_mut(buffer, length)
    };
    let seeded = HIDDEN.with_borrow_mut(|hidden| hidden.as_mut().map(|random| random.fill(buffer)));
    if seeded.is_some() {
        return length as isize;
    }
    // rustix enters the kernel itself: it does not come back here
    match rustix::rand::getrandom(buffer, rustix::rand::GetRandomFlags::from_bits_retain(flags)) {
        Ok(count) => count as isize,
        Err(_) => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn hash_maps_of_one_seed_are_alike() {
        let hash = |seed| {
            let thread = std::thread::spawn(move || {
                seed_this_thread(Random::new(seed));
                std::collections::hash_map::RandomState::new().hash_one("klamm")
            });
            thread.join().unwrap()
        };
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1), hash(2));
    }
}
