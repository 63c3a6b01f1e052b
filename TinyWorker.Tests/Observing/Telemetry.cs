using System.Collections.ObjectModel;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace TinyWorker.Tests.Observing;

/// <summary>OpenTelemetry's SDK listens to the library. The exporters keep in memory what they are given.</summary>
internal sealed class Telemetry : IDisposable
{
    private readonly ExportedSpans _spans = [];
    private readonly List<MetricSnapshot> _metrics = [];
    private readonly TracerProvider _tracer;
    private readonly MeterProvider _meter;

    public Telemetry()
    {
        _tracer = Sdk.CreateTracerProviderBuilder()
            .AddSource("TinyWorker").SetSampler(new AlwaysOnSampler()).AddInMemoryExporter(_spans).Build();
        _meter = Sdk.CreateMeterProviderBuilder().AddMeter("TinyWorker").AddInMemoryExporter(_metrics).Build();
    }

    /// <summary>All spans that were exported: those of tasks, and those of their runs in worker processes.</summary>
    public IEnumerable<Activity> AllSpans => _spans.Snapshot();

    /// <summary>The spans of the troupe's tasks that have ended, in the order of their ends.</summary>
    public Activity[] Spans(string troupe) =>
        [.. AllSpans.Where(span => span.OperationName == "TinyWorker.Task" && troupe.Equals(span.GetTagItem("tinyworker.troupe")))];

    /// <summary>The sum of an instrument over all tags that contain these, or null. Of a histogram: how many values.</summary>
    public double? Read(string instrument, string troupe, params (string Key, string Value)[] tags) =>
        Sum(instrument, troupe, tags, static (point, isHistogram) => isHistogram ? point.GetHistogramCount() : point.GetSumLong());

    /// <summary>The sum of the values of a histogram, in seconds.</summary>
    public double? ReadSeconds(string instrument, string troupe) =>
        Sum(instrument, troupe, [], static (point, _) => point.GetHistogramSum());

    public void Dispose()
    {
        _tracer.Dispose();
        _meter.Dispose();
    }

    private double? Sum(string instrument, string troupe, (string Key, string Value)[] tags, Func<MetricPoint, bool, double> what)
    {
        _metrics.Clear();
        _meter.ForceFlush();
        double? sum = null;
        foreach (var metric in _metrics.Where(metric => metric.Name == instrument))
        {
            foreach (var point in metric.MetricPoints)
            {
                var of = new Dictionary<string, string?>();
                foreach (var tag in point.Tags) of[tag.Key] = tag.Value?.ToString();
                if (of.GetValueOrDefault("tinyworker.troupe") != troupe) continue;
                if (tags.Any(tag => of.GetValueOrDefault(tag.Key) != tag.Value)) continue;
                sum = (sum ?? 0) + what(point, metric.MetricType == MetricType.Histogram);
            }
        }

        return sum;
    }

    /// <summary>The exporter adds to it while a test reads it.</summary>
    private sealed class ExportedSpans : Collection<Activity>
    {
        private readonly Lock _lock = new();

        public Activity[] Snapshot()
        {
            lock (_lock) return [.. this];
        }

        protected override void InsertItem(int index, Activity item)
        {
            lock (_lock) base.InsertItem(Count, item);
        }
    }
}
