using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Tests.Telemetry;

/// <summary>One trace from the submitter to the worker, on a broker.</summary>
[NonParallelizable]   // listeners
internal sealed class AcrossTheBrokerTests
{
    [Test]
    public async Task Trace_OfATask_GoesFromTheSubmitterToTheWorker([Values] bool isListenedTo, [Values] HostBackEnd backEnd)
    {
        using var listener = isListenedTo
            ? new SpanListener(ActivitySamplingResult.AllDataAndRecorded, RabbitActivity.SourceName, "TinyWorker", "test") : null;
        var (name, uri) = (Brokers.NewTroupe(), await Brokers.UriAsync());
        await using var local = Local(name, backEnd);
        await using var host = new RabbitTroupeHost<string, string>(local, new RabbitHostOptions { Broker = uri });
        var run = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<string, string>(name, new RabbitTroupeOptions { Broker = uri });
        using var submitter = new Activity("submitter").Start();
        submitter.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        submitter.AddBaggage("tenant", "a b");
        var inside = (await Within.Time(troupe.Submit("tenant").AsTask())).Split(' ', 4);
        submitter.Stop();
        await Within.Time(host.StopAsync(CancellationToken.None));
        await Within.Time(run);

        Assert.That(inside[0], Is.EqualTo($"{submitter.TraceId}"), "the worker is in the submitter's trace");
        Assert.That(inside[1], Is.EqualTo("1"), "RabbitDelivery.Current tells the attempt");
        Assert.That(inside[3], Is.EqualTo("a b"), "baggage of the submitter");
        if (listener is null) return;

        var spans = listener.Ended.Where(span => span.TraceId == submitter.TraceId).ToList();
        var names = spans.Select(span => span.DisplayName).ToList();
        Assert.That(names, Is.EquivalentTo(new[] { $"task {name}", $"send tw.{name}", $"process tw.{name}", $"task {name}" }));
        var send = spans.Single(span => span.Kind == ActivityKind.Producer);
        var process = spans.Single(span => span.Kind == ActivityKind.Consumer);
        var tasks = spans.Where(span => span.OperationName == "TinyWorker.Task").ToList();
        var outer = tasks.Single(span => span.ParentSpanId == submitter.SpanId);
        var inner = tasks.Single(span => span != outer);
        Assert.Multiple(() =>
        {
            Assert.That(send.ParentSpanId, Is.EqualTo(outer.SpanId));
            Assert.That(process.ParentSpanId, Is.EqualTo(send.SpanId));
            Assert.That(process.HasRemoteParent, Is.True);
            Assert.That(inner.ParentSpanId, Is.EqualTo(process.SpanId));
            if (backEnd != HostBackEnd.Processes) Assert.That(inside[2], Is.EqualTo($"{inner.SpanId}"));
            Assert.That(process.GetTagItem("messaging.message.id"), Is.EqualTo(send.GetTagItem("messaging.message.id")).And.Not.Null);
            Assert.That(spans.Select(span => span.Status), Is.All.EqualTo(ActivityStatusCode.Unset));
        });
    }

    // RabbitMQ.Client has spans of its own, and writes their context into the messages: the trace stays that of the submitter.
    [Test]
    public async Task Trace_RabbitMQClientIsListenedToAsWell_StaysTheSubmitters()
    {
        List<Activity> exported = [];
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(
                RabbitActivity.SourceName, "TinyWorker", "test", RabbitMQActivitySource.PublisherSourceName,
                RabbitMQActivitySource.SubscriberSourceName)
            .AddInMemoryExporter(exported)
            .Build();
        using var source = new ActivitySource("test");
        var (name, uri) = (Brokers.NewTroupe(), await Brokers.UriAsync());
        await using var local = Local(name, HostBackEnd.Threads);
        await using var host = new RabbitTroupeHost<string, string>(local, new RabbitHostOptions { Broker = uri });
        var run = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<string, string>(name, new RabbitTroupeOptions { Broker = uri });
        using (var warmUp = source.StartActivity("before")) await Within.Time(troupe.Submit("x").AsTask());
        var submitter = source.StartActivity("submitter")!;
        var inside = (await Within.Time(troupe.Submit("x").AsTask())).Split(' ', 4);
        submitter.Stop();
        await Within.Time(host.StopAsync(CancellationToken.None));
        await Within.Time(run);
        Assert.That(provider.ForceFlush(), Is.True);

        Assert.That(inside[0], Is.EqualTo($"{submitter.TraceId}"));
        Assert.That(exported.Any(span => span.Source.Name == RabbitMQActivitySource.PublisherSourceName), "the client has its spans");
        var ours = exported.Where(span => span.TraceId == submitter.TraceId).ToList();
        Assert.That(
            ours.Select(span => span.Source.Name), Has.None.EqualTo(RabbitMQActivitySource.PublisherSourceName),
            "a span of the writer that all tasks share");
        var process = ours.Single(span => span.DisplayName == $"process tw.{name}");
        Assert.That(process.ParentSpanId, Is.EqualTo(ours.Single(span => span.DisplayName == $"send tw.{name}").SpanId));
    }

    [Test]
    public async Task PostAsync_WithinASpan_IsSentAndProcessedInIt()
    {
        using var listener = new SpanListener(ActivitySamplingResult.AllData, RabbitActivity.SourceName);
        var (name, uri) = (Brokers.NewTroupe(), await Brokers.UriAsync());
        await using var local = Local(name, HostBackEnd.Threads);
        await using var host = new RabbitTroupeHost<string, string>(local, new RabbitHostOptions { Broker = uri });
        var run = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<string, string>(name, new RabbitTroupeOptions { Broker = uri });
        using var submitter = new Activity("submitter").Start();
        await Within.Time(troupe.PostAsync("x", "post-1"));
        Within.Until(() => Spans().Any(span => span.Kind == ActivityKind.Consumer), "the end of the posted task");
        var send = Spans().Single(span => span.Kind == ActivityKind.Producer);
        Assert.That((send.ParentSpanId, send.GetTagItem("messaging.message.id")), Is.EqualTo((submitter.SpanId, (object)"post-1")));
        Assert.That(Spans().Single(span => span.Kind == ActivityKind.Consumer).ParentSpanId, Is.EqualTo(send.SpanId));
        await Within.Time(host.StopAsync(CancellationToken.None));
        await Within.Time(run);

        IEnumerable<Activity> Spans() => listener.Ended.Where(span => span.TraceId == submitter.TraceId);
    }

    [Test]
    public async Task Figures_OfBothSides_StandBesideTheirTroupes()
    {
        var (name, uri) = (Brokers.NewTroupe(), await Brokers.UriAsync());
        await using var local = Local(name, HostBackEnd.Pool);
        await using var host = new RabbitTroupeHost<string, string>(local, new RabbitHostOptions { Broker = uri });
        Assert.That(TroupeFigures.Of(local), Is.Empty);
        var run = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<string, string>(name, new RabbitTroupeOptions { Broker = uri });
        await Within.Time(troupe.Submit("x").AsTask());
        await Within.Time(host.WhenReadyAsync());
        var shown = TinyTroupes.Living.Where(each => each.Name == name).ToList();
        Assert.That(shown, Is.EqualTo(new ITroupe[] { local, troupe }), "what lists troupes lists both sides");
        var endpoint = new Uri(uri).Authority.Split('@')[^1];
        Assert.That(
            TroupeFigures.Of(troupe),
            Does.Contain(new TroupeFigure("Connection", "ready")).And.Contain(new TroupeFigure("Broker", endpoint)));
        Assert.That(TroupeFigures.Of(local), Does.Contain(new TroupeFigure("Broker", endpoint)));
        Assert.That(TroupeFigures.Of(local).Select(figure => figure.Name), Does.Contain("Unacknowledged").And.Contain("Prefetch"));
        await Within.Time(host.StopAsync(CancellationToken.None));
        await Within.Time(run);
        Assert.That(TroupeFigures.Of(local), Is.Empty, "a host that has stopped says nothing any more");
    }

    private static TinyTroupe<string, string> Local(string name, HostBackEnd backEnd) => backEnd switch
    {
        HostBackEnd.Pool => new(
            static async (key, _) => await Task.FromResult(Tell(key)), new PoolTroupeOptions { Name = name, Workers = 1 }),
        HostBackEnd.Threads => new(static key => Tell(key), new ThreadTroupeOptions { Name = name, Workers = 1 }),
        _ => new(static key => Tell(key), new ProcessTroupeOptions { Name = name, Workers = 1 }),
    };

    // What the worker sees: its trace, its attempt, its span and an item of baggage.
    private static string Tell(string key) =>
        $"{Activity.Current?.TraceId} {RabbitDelivery.Current?.Attempt} {Activity.Current?.SpanId} {Activity.Current?.GetBaggageItem(key)}";
}
