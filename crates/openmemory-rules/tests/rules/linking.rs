use openmemory_rules::write::links::{Related, connect};
use openmemory_rules::{Changes, Number, Rows, Waypoint};
use serde_json::json;

use crate::map_store::{MapStore, added, at, model, prepared};

const MAX_LINKS: usize = 64;

fn waypoint(weight: f32) -> Waypoint {
    Waypoint { weight, created_at: at(0), updated_at: at(0) }
}

#[test]
fn a_memory_keeps_its_strongest_links_at_both_ends() {
    let others = (0..MAX_LINKS as u64 + 6).map(|i| {
        // The third link is the weakest, so any later link displaces it.
        (Number(1 + i), waypoint(if i == 2 { 0.1 } else { 1.0 - i as f32 / 100.0 }))
    });
    let others: Vec<(Number, Waypoint)> = others.collect();
    let hub = Number(0);
    let one_by_one = |store: &mut MapStore| {
        others.iter().for_each(|(other, link)| connect(store, *other, &[(hub, link.clone())]).unwrap());
    };
    let together = |store: &mut MapStore| connect(store, hub, &others).unwrap();
    for link in [&one_by_one as &dyn Fn(&mut MapStore), &together] {
        let mut store = MapStore::default();
        added(&mut store, json!({ "content": "hub" }), 1);
        for (other, _) in &others {
            added(&mut store, json!({ "content": format!("other {other:?}") }), 1);
        }
        link(&mut store);
        let links = store.waypoints(hub).unwrap();
        assert_eq!(links.len(), MAX_LINKS);
        let weakest = links.iter().map(|(_, link)| link.weight).fold(1.0, f32::min);
        assert!(weakest > 0.35, "{weakest}");
        for other in store.numbers().into_iter().skip(1) {
            let linked = links.iter().any(|(number, _)| *number == other);
            assert_eq!(store.waypoints(other).unwrap().len(), usize::from(linked), "{other:?}");
        }
        assert!(store.waypoints(Number(3)).unwrap().is_empty());
    }
}

#[test]
fn a_new_memory_is_linked_to_the_related_ones_that_still_exist() {
    let mut store = MapStore::default();
    added(&mut store, json!({ "content": "one" }), 1);
    let related = vec![Related { number: Number(0), weight: 0.8 }, Related { number: Number(7), weight: 0.9 }];
    let new = prepared(json!({ "content": "two" }), related, 2);
    store.attempt(|changes| openmemory_rules::write::add::add(changes, new, &model("m"), at(2))).unwrap();
    let link = Waypoint { weight: 0.8, created_at: at(2), updated_at: at(2) };
    assert_eq!(store.waypoints(Number(1)).unwrap(), [(Number(0), link.clone())]);
    assert_eq!(store.waypoints(Number(0)).unwrap(), [(Number(1), link)]);
}
