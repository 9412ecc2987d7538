//! How much is asked, and how long does it take? Counted for Prometheus, over all tenants and by route, never by memory.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

type Durations = Family<Route, Histogram, fn() -> Histogram>;

pub struct Metrics {
    registry: Registry,
    requests: Family<Asked, Counter<u64, AtomicU64>>,
    durations: Durations,
    in_flight: Gauge,
    watches: Gauge,
}

/// Counts one as under way until it is dropped.
pub struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("openmemory");
        let requests = Family::default();
        let durations: Durations = Family::new_with_constructor(histogram);
        let (in_flight, watches) = (Gauge::default(), Gauge::default());
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_duration_seconds", "Time from head to answer", durations.clone());
        registry.register("http_requests_in_flight", "Requests being worked on", in_flight.clone());
        registry.register("watches", "Watches that are open", watches.clone());
        Self { registry, requests, durations, in_flight, watches }
    }
}

fn histogram() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

fn counted(gauge: &Gauge) -> Counted {
    gauge.inc();
    Counted(gauge.clone())
}

impl Metrics {
    pub fn begin(&self) -> Counted {
        counted(&self.in_flight)
    }

    pub fn watch(&self) -> Counted {
        counted(&self.watches)
    }

    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let asked = Asked { method: method.into(), route: route.into(), status };
        self.requests.get_or_create(&asked).inc();
        let route = Route { method: method.into(), route: route.into() };
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
