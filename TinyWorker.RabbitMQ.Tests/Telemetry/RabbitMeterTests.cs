using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Tests.Telemetry;

/// <summary>What the meter tells of the sides of a troupe on a broker.</summary>
[NonParallelizable]   // the meter is one for the process
internal sealed class RabbitMeterTests
{
    private static readonly RabbitTroupeSnapshot Submitter = new(
        RabbitConnectionState.Ready, "10.0.0.1:5672", "replies", 11, 10, 9, 8, 7, 6, 5, 4, 30, 2, 1, 3, null);

    private static readonly RabbitHostSnapshot Host = new(
        "", "host", RabbitConnectionState.Blocked, "10.0.0.1:5672", true, 64, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 29, null,
        null);

    [Test]
    public void Meter_OfBothSides_TellsTheirCountsAndLevels()
    {
        var name = Name();
        var submitter = new FakeSubmitter(name, Submitter);
        var host = new FakeHost(Host with { Name = name });
        RabbitMeter.Add(submitter);
        RabbitMeter.Add(host);
        var read = Read(name);
        Assert.Multiple(() =>
        {
            Assert.That(read["sent"], Is.EqualTo(11));
            Assert.That(read["stored"], Is.EqualTo(10));
            Assert.That(read["sent_again"], Is.EqualTo(9));
            Assert.That(read["rejected"], Is.EqualTo(8));
            Assert.That(read["returned"], Is.EqualTo(7));
            Assert.That(read["late_replies"], Is.EqualTo(6));
            Assert.That(read["dead_lettered"], Is.EqualTo(5));
            Assert.That(read["delivered"], Is.EqualTo(19));
            Assert.That(read["redelivered"], Is.EqualTo(18));
            Assert.That(read["replied"], Is.EqualTo(14));
            Assert.That(read["unroutable_replies"], Is.EqualTo(13));
            Assert.That(read["suspected"], Is.EqualTo(10));
            Assert.That(read["unacknowledged"], Is.EqualTo(20));
            Assert.That(read["reconnects submitter"], Is.EqualTo(4));
            Assert.That(read["reconnects host"], Is.EqualTo(9));
            Assert.That(read["connections submitter ready"], Is.EqualTo(1));
            Assert.That(read["connections submitter down"], Is.EqualTo(0));
            Assert.That(read["connections host blocked"], Is.EqualTo(1));
            Assert.That(read["queue.ready"], Is.EqualTo(30), "both see the same queue");
            Assert.That(read["queue.suspects"], Is.EqualTo(2));
            Assert.That(read["queue.dead_letters"], Is.EqualTo(1));
        });
        RabbitMeter.End(submitter);
        RabbitMeter.End(host);
        GC.KeepAlive((submitter, host));
    }

    [Test]
    public void Meter_OfSidesThatHaveEnded_KeepsTheirCountsAndNoLevels()
    {
        var name = Name();
        var (first, second) = (new FakeSubmitter(name, Submitter), new FakeSubmitter(name, Submitter));
        RabbitMeter.Add(first);
        RabbitMeter.Add(second);
        Assert.That(Read(name)["sent"], Is.EqualTo(22), "sides of one name are added up");
        first.Now = first.Now with { Sent = 12, Connection = RabbitConnectionState.Closed };
        RabbitMeter.End(first);
        Assert.That(Read(name)["sent"], Is.EqualTo(23));
        Assert.That(Read(name)["connections submitter ready"], Is.EqualTo(1));
        RabbitMeter.End(second);
        Assert.That(Read(name)["sent"], Is.EqualTo(23));
        Assert.That(Read(name).Keys, Has.None.StartsWith("connections").And.None.StartsWith("queue"));

        var third = new FakeSubmitter(name, Submitter);
        RabbitMeter.Add(third);
        Assert.That(Read(name)["sent"], Is.EqualTo(34));
        RabbitMeter.End(third);
    }

    [Test]
    public void Meter_OfASideThatIsDropped_KeepsItNotAlive()
    {
        var dropped = Drop();
        Within.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !dropped.IsAlive;
            },
            "the collection of a side that nobody holds");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Drop()
    {
        var submitter = new FakeSubmitter(Name(), Submitter);
        RabbitMeter.Add(submitter);
        Assert.That(Read(submitter.Name), Is.Not.Empty);
        return new WeakReference(submitter);
    }

    private static string Name() => $"metered-{Guid.NewGuid():N}";

    /// <summary>By the instrument's name after the common beginning, and the other tags.</summary>
    private static Dictionary<string, long> Read(string troupe)
    {
        Dictionary<string, long> read = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == RabbitMeter.MeterName) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var of = tags.ToArray().ToDictionary(tag => tag.Key, tag => $"{tag.Value}");
            if (of["tinyworker.troupe"] != troupe) return;
            var key = instrument.Name["tinyworker.rabbitmq.".Length..];
            foreach (var tag in new[] { RabbitMeter.Side, RabbitMeter.State })
                if (of.TryGetValue(tag, out var said)) key += " " + said;
            read.Add(key, value);
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return read;
    }

    private sealed class FakeSubmitter(string name, RabbitTroupeSnapshot snapshot) : IMeteredSubmitter
    {
        public string Name => name;

        public RabbitTroupeSnapshot Now { get; set; } = snapshot;

        public RabbitTroupeSnapshot Snapshot() => Now;
    }

    private sealed class FakeHost(RabbitHostSnapshot snapshot) : IMeteredHost
    {
        public RabbitHostSnapshot Snapshot() => snapshot;
    }
}
