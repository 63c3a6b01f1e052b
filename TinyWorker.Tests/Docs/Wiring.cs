using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace TinyWorker.Tests.Docs;

/// <summary>The first sample of docs/observing.md.</summary>
internal static class Wiring
{
    public static async Task RunAsync()
    {
        // <sample>
        using var traces = Sdk.CreateTracerProviderBuilder()
            .AddSource("TinyWorker", "Shop")
            .AddProcessor(new SimpleActivityExportProcessor(new Print<Activity>(span => $"{span.DisplayName}: {span.Status}")))
            .Build();
        using var metrics = Sdk.CreateMeterProviderBuilder()
            .AddMeter("TinyWorker")
            .AddReader(new BaseExportingMetricReader(new Print<Metric>(metric => $"{metric.Name} ({metric.Unit})")))
            .Build();

        using var shop = new ActivitySource("Shop");
        using (shop.StartActivity("order"))
        {
            await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Name = "parsers", Workers = 2 });
            await foreach (var _ in parsers.MapOutcomesAsync(["1", "two"])) { }
        }
        // </sample>
    }
}
