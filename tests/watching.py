"""Telemetry into memory: what a vendor's operator would see, for the tests of one module or one test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opencmr import _telemetry


@dataclass(frozen=True)
class Watch:
    """What has been exported so far."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    def spans(self, name: str) -> list[ReadableSpan]:
        """The finished spans of a name, oldest first."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def points(self, name: str) -> list[Any]:
        """The data points of a metric."""
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def sums(self, name: str) -> dict[tuple[Any, ...], Any]:
        """Attribute values, in the order of their names → value, for counters and gauges."""
        return {
            tuple(value for _, value in sorted(point.attributes.items())): point.value for point in self.points(name)
        }

    def everything(self) -> str:
        """All spans and metrics as text."""
        spans = [span.to_json() for span in self.exporter.get_finished_spans()]
        data = self.reader.get_metrics_data()
        return "\n".join([*spans, data.to_json() if data else ""])


@contextmanager
def watching() -> Iterator[Watch]:
    """Measure everything meanwhile."""
    watch = Watch(InMemorySpanExporter(), InMemoryMetricReader())
    tracers, meters = TracerProvider(shutdown_on_exit=False), MeterProvider([watch.reader], shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(watch.exporter))
    _telemetry.use(_telemetry.Telemetry(tracers, meters))
    try:
        yield watch
    finally:
        _telemetry.decide_again()
        tracers.shutdown()
        meters.shutdown()
