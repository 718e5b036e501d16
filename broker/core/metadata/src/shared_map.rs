//! An ordered map whose copies share what they have in common.

use std::sync::Arc;

/// How many entries a leaf has at most: a change copies one leaf and the list of leaves, about the square root of 10,000.
const LEAF: usize = 128;

type Leaf<K, V> = Arc<Vec<(K, V)>>;

/// An ordered map. A copy costs one reference count; changing a copy costs a leaf and the list of leaves, not the whole, and
/// nothing where no other copy holds them.
///
/// Invariants: no leaf is empty; keys rise strictly within a leaf and from leaf to leaf.
#[derive(Clone, Debug)]
pub struct SharedMap<K, V> {
    leaves: Arc<Vec<Leaf<K, V>>>,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self { leaves: Arc::default() }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K, V> SharedMap<K, V> {
    /// All entries, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.leaves.iter().flat_map(|leaf| leaf.iter()).map(|(key, value)| (key, value))
    }

    /// All values, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leaves.iter().map(|leaf| leaf.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// The leaf that has `key` or would have it, and where in it.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(usize, Result<usize, usize>)>
    where
        K: std::borrow::Borrow<Q>,
    {
        let after = self.leaves.partition_point(|leaf| leaf[0].0.borrow() <= key);
        let leaf = after.saturating_sub(1);
        let entries = self.leaves.get(leaf)?;
        Some((leaf, entries.binary_search_by(|(one, _)| one.borrow().cmp(key))))
    }

    /// The value of `key`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (leaf, place) = self.find(key)?;
        Some(&self.leaves[leaf][place.ok()?].1)
    }

    /// Sets the value of `key`; the value that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let Some((leaf, place)) = self.find(&key) else {
            Arc::make_mut(&mut self.leaves).push(Arc::new(vec![(key, value)]));
            return None;
        };
        let leaves = Arc::make_mut(&mut self.leaves);
        let entries = Arc::make_mut(&mut leaves[leaf]);
        match place {
            Ok(place) => Some(std::mem::replace(&mut entries[place].1, value)),
            Err(place) => {
                entries.insert(place, (key, value));
                if entries.len() > LEAF {
                    let upper = entries.split_off(LEAF / 2);
                    leaves.insert(leaf + 1, Arc::new(upper));
                }
                None
            }
        }
    }

    /// Takes `key` out; the value that it had.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (leaf, place) = self.find(key)?;
        let place = place.ok()?;
        let leaves = Arc::make_mut(&mut self.leaves);
        let (_, value) = Arc::make_mut(&mut leaves[leaf]).remove(place);
        if leaves[leaf].is_empty() {
            leaves.remove(leaf);
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_is_a_map_and_copies_stay_as_they_were() {
        let (mut shared, mut model) = (SharedMap::default(), BTreeMap::new());
        let mut copies = Vec::new();
        // a linear congruential sequence: every key comes several times, in no order
        let mut number = 1u32;
        for step in 0..4000u32 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = number >> 22;
            if number & 0x30000 == 0 {
                assert_eq!(shared.remove(&key), model.remove(&key));
            } else {
                assert_eq!(shared.insert(key, step), model.insert(key, step));
            }
            if step % 500 == 0 {
                copies.push((shared.clone(), model.clone()));
            }
        }
        for (shared, model) in copies {
            assert!(shared.iter().eq(model.iter()));
            assert_eq!(shared.len(), model.len());
        }
        assert!((0..1024).all(|key| shared.get(&key) == model.get(&key)));
    }
}
