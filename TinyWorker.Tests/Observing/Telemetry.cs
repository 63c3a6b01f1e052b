using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace TinyWorker.Tests.Observing;

/// <summary>OpenTelemetry's SDK, listening to the library, with exporters that keep what they are given.</summary>
internal sealed class Telemetry : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly TracerProvider _tracer;
    private readonly MeterProvider _meter;
    private Reading[] _readings = [];   // replaced by each export

    public Telemetry()
    {
        _tracer = Sdk.CreateTracerProviderBuilder().AddSource("TinyWorker").SetSampler(new AlwaysOnSampler()).AddProcessor(new SimpleActivityExportProcessor(new SpanExporter(_spans))).Build();
        _meter = Sdk.CreateMeterProviderBuilder().AddMeter("TinyWorker").AddReader(new BaseExportingMetricReader(new MetricExporter(this))).Build();
    }

    /// <summary>Everything that was exported, of tasks and of their runs elsewhere.</summary>
    public IEnumerable<Activity> AllSpans => _spans;

    /// <summary>The spans of the troupe's tasks that have ended, in the order of their ends.</summary>
    public Activity[] Spans(string troupe) => [.. _spans.Where(span => span.OperationName == "TinyWorker.Task" && troupe.Equals(span.GetTagItem("tinyworker.troupe")))];

    /// <summary>What an instrument has come to, over all tags that contain these; null where it told nothing. Of a histogram: how many.</summary>
    public double? Read(string instrument, string troupe, params (string Key, string Value)[] tags) => Sum(instrument, troupe, tags, static reading => reading.Value);

    /// <summary>What was recorded with a histogram, together, in seconds.</summary>
    public double? ReadSeconds(string instrument, string troupe) => Sum(instrument, troupe, [], static reading => reading.Sum);

    public void Dispose()
    {
        _tracer.Dispose();
        _meter.Dispose();
    }

    private double? Sum(string instrument, string troupe, (string Key, string Value)[] tags, Func<Reading, double> what)
    {
        _meter.ForceFlush();
        var found = _readings.Where(reading => reading.Instrument == instrument && reading.Tags.GetValueOrDefault("tinyworker.troupe") == troupe
            && tags.All(tag => reading.Tags.GetValueOrDefault(tag.Key) == tag.Value)).ToArray();
        return found.Length == 0 ? null : found.Sum(what);
    }

    private sealed record Reading(string Instrument, Dictionary<string, string?> Tags, double Value, double Sum);

    private sealed class SpanExporter(ConcurrentQueue<Activity> to) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch) to.Enqueue(span);
            return ExportResult.Success;
        }
    }

    private sealed class MetricExporter(Telemetry to) : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch)
        {
            var readings = new List<Reading>();
            foreach (var metric in batch)
            {
                foreach (ref readonly var point in metric.GetMetricPoints())
                {
                    var tags = new Dictionary<string, string?>();
                    foreach (var tag in point.Tags) tags[tag.Key] = tag.Value?.ToString();
                    var isHistogram = metric.MetricType == MetricType.Histogram;
                    readings.Add(new Reading(metric.Name, tags, isHistogram ? point.GetHistogramCount() : point.GetSumLong(), isHistogram ? point.GetHistogramSum() : 0));
                }
            }

            to._readings = [.. readings];
            return ExportResult.Success;
        }
    }
}
