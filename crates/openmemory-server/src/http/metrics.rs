//! Which metrics does Prometheus read? Request counts and durations by route, over all tenants. Labels never contain ids
//! or texts.

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
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

type Durations = Family<RouteLabels, Histogram, fn() -> Histogram>;

pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter<u64, AtomicU64>>,
    durations: Durations,
    in_flight: Gauge,
    watches: Gauge,
}

/// Counts one operation in a gauge until it is dropped.
pub struct GaugeGuard(Gauge);

impl Drop for GaugeGuard {
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
        registry.register("http_requests", "Completed requests", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from the request head to the response head",
            durations.clone(),
        );
        registry.register("http_requests_in_flight", "Requests in progress", in_flight.clone());
        registry.register("watches", "Open watches", watches.clone());
        Self { registry, requests, durations, in_flight, watches }
    }
}

fn histogram() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

fn guard(gauge: &Gauge) -> GaugeGuard {
    gauge.inc();
    GaugeGuard(gauge.clone())
}

impl Metrics {
    pub fn start_request(&self) -> GaugeGuard {
        guard(&self.in_flight)
    }

    pub fn start_watch(&self) -> GaugeGuard {
        guard(&self.watches)
    }

    pub fn record(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.into(), route: route.into(), status };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { method: method.into(), route: route.into() };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
