using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Serving;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Tests.Telemetry;

/// <summary>The trace context in a message, without a broker.</summary>
[NonParallelizable]   // listeners
internal sealed class TraceHeadersTests
{
    [TearDown]
    public void LeaveNothing() => Activity.Current = null;

    [Test]
    public void StartAtHost_NobodyListens_IsAChildOfTheSubmitterAllTheSame()
    {
        using var submitter = new Activity("submitter").Start();
        submitter.TraceStateString = "vendor=1";
        submitter.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        var message = Sent(submitter);
        submitter.Stop();

        var before = Activity.Current;
        var activity = TraceHeaders.StartAtHost(message, "X");
        Assert.Multiple(() =>
        {
            Assert.That(Activity.Current, Is.SameAs(before));
            Assert.That(activity.TraceId, Is.EqualTo(submitter.TraceId));
            Assert.That(activity.ParentSpanId, Is.EqualTo(submitter.SpanId));
            Assert.That(activity.Recorded, Is.True);
            Assert.That(activity.TraceStateString, Is.EqualTo("vendor=1"));
            Assert.That(activity.OperationName, Is.EqualTo(RabbitActivity.PlainName));
            Assert.That(activity.Id, Is.Not.Null);
        });
        RabbitActivity.EndProcess(activity, TaskOutcome.Ok, null);
        Assert.That(activity.IsStopped, Is.True);
    }

    [Test]
    public void StartAtHost_SomebodyListens_IsAConsumerSpanByTheConventions([Values] bool hasParent)
    {
        using var listener = new SpanListener(ActivitySamplingResult.AllData, RabbitActivity.SourceName);
        using var submitter = new Activity("submitter").Start();
        var message = Sent(hasParent ? submitter : null);
        // What the host runs in by chance is no parent.
        using var chance = new Activity("chance").Start();
        var activity = TraceHeaders.StartAtHost(message, "X");
        Assert.That(Activity.Current, Is.SameAs(chance));
        RabbitActivity.EndProcess(activity, TaskOutcome.Ok, null);
        Assert.That(Activity.Current, Is.SameAs(chance));
        Assert.Multiple(() =>
        {
            Assert.That(listener.Ended, Is.EqualTo(new[] { activity }));
            Assert.That((activity.DisplayName, activity.Kind), Is.EqualTo(("process tw.X", ActivityKind.Consumer)));
            Assert.That(activity.ParentSpanId, Is.EqualTo(hasParent ? submitter.SpanId : default));
            Assert.That(activity.TraceId, hasParent ? Is.EqualTo(submitter.TraceId) : Is.Not.EqualTo(chance.TraceId));
            Assert.That(activity.GetTagItem("messaging.system"), Is.EqualTo("rabbitmq"));
            Assert.That(activity.GetTagItem("messaging.operation.type"), Is.EqualTo("process"));
            Assert.That(activity.GetTagItem("messaging.operation.name"), Is.EqualTo("process"));
            Assert.That(activity.GetTagItem("messaging.destination.name"), Is.EqualTo("tw.X"));
            Assert.That(activity.GetTagItem("messaging.message.id"), Is.EqualTo("client.1"));
            Assert.That(activity.GetTagItem("messaging.rabbitmq.destination.routing_key"), Is.EqualTo("tw.X.replies.client"));
            Assert.That(activity.GetTagItem("tinyworker.outcome"), Is.EqualTo("succeeded"));
            Assert.That(activity.Status, Is.EqualTo(ActivityStatusCode.Unset));
        });
    }

    [Test]
    public void StartAtHost_ASamplerThatWantsNone_GivesAPlainActivityOfTheSameTrace()
    {
        using var listener = new SpanListener(ActivitySamplingResult.None, RabbitActivity.SourceName);
        using var submitter = new Activity("submitter").Start();
        var activity = TraceHeaders.StartAtHost(Sent(submitter), "X");
        Assert.That((activity.OperationName, activity.TraceId), Is.EqualTo((RabbitActivity.PlainName, submitter.TraceId)));
        RabbitActivity.EndProcess(activity, null, null);
        Assert.That(listener.Ended, Is.Empty);
    }

    [Test]
    public void EndProcess_OfATaskThatFaulted_SaysWhy()
    {
        using var listener = new SpanListener(ActivitySamplingResult.AllData, RabbitActivity.SourceName);
        RabbitActivity.EndProcess(TraceHeaders.StartAtHost(Sent(null), "X"), TaskOutcome.Fault, new InvalidOperationException("bad"));
        RabbitActivity.EndProcess(TraceHeaders.StartAtHost(Sent(null), "X"), TaskOutcome.Expired, null);
        RabbitActivity.EndProcess(TraceHeaders.StartAtHost(Sent(null), "X"), null, null);
        var said = listener.Ended.Select(span =>
            (span.GetTagItem("tinyworker.outcome"), span.GetTagItem("error.type"), span.Status, span.StatusDescription));
        Assert.That(said, Is.EqualTo(new (object?, object?, ActivityStatusCode, string?)[]
        {
            ("faulted", "System.InvalidOperationException", ActivityStatusCode.Error, "bad"),
            ("expired", "expired", ActivityStatusCode.Error, "expired"),
            ("returned", null, ActivityStatusCode.Unset, null),
        }));
    }

    [Test]
    public void StartSend_NobodyListens_IsNothing() => Assert.That(RabbitActivity.StartSend("tw.X", "id", "replies", 1), Is.Null);

    [Test]
    public void StartSend_SomebodyListens_IsAProducerSpanAndTheCallersActivityStays()
    {
        using var listener = new SpanListener(ActivitySamplingResult.AllData, RabbitActivity.SourceName);
        using var submitter = new Activity("submitter").Start();
        var span = RabbitActivity.StartSend("tw.X", "id", null, 42)!;
        Assert.That(Activity.Current, Is.SameAs(submitter));
        RabbitActivity.EndSend(span, PublishOutcome.Returned);
        RabbitActivity.EndSend(null, PublishOutcome.Stored);
        Assert.Multiple(() =>
        {
            Assert.That(Activity.Current, Is.SameAs(submitter));
            Assert.That((span.DisplayName, span.Kind, span.Parent), Is.EqualTo(("send tw.X", ActivityKind.Producer, submitter)));
            Assert.That(span.GetTagItem("messaging.operation.type"), Is.EqualTo("send"));
            Assert.That(span.GetTagItem("messaging.message.body.size"), Is.EqualTo(42));
            Assert.That(span.GetTagItem("messaging.rabbitmq.destination.routing_key"), Is.Null);
            Assert.That((span.Status, span.GetTagItem("error.type")), Is.EqualTo((ActivityStatusCode.Error, "returned")));
        });
    }

    [Test]
    public void Baggage_OfTheSubmitter_ArrivesAndThatOfAnotherDeliveryDoesNot()
    {
        using var submitter = new Activity("submitter").Start();
        submitter.AddBaggage("tenant", "a b,c=d;ü");
        submitter.AddBaggage("tenant", "newer");
        submitter.AddBaggage("empty", null);
        DeliveryBaggage.Write(submitter, "outer.7", 3, redelivered: true);
        var message = Sent(submitter);
        Assert.That(TraceHeaders.TextOf(message, "baggage"), Does.Not.Contain("outer"));

        var activity = TraceHeaders.StartAtHost(message, "X");
        Activity.Current = activity;
        Assert.That(RabbitDelivery.Current, Is.Null);
        DeliveryBaggage.Write(activity, "inner.1", 1, redelivered: false);
        Assert.That(RabbitDelivery.Current, Is.EqualTo(new RabbitDelivery("inner.1", 1, false)));
        Assert.That(activity.GetBaggageItem("tenant"), Is.EqualTo("newer"));
        Assert.That(
            activity.Baggage.Where(item => item.Key == "tenant").Select(item => item.Value), Is.EqualTo(new[] { "newer", "a b,c=d;ü" }));
        RabbitActivity.EndProcess(activity, TaskOutcome.Ok, null);
    }

    [Test]
    public void Baggage_OfOthersWithFaults_IsReadAsFarAsItGoes()
    {
        var message = Sent(null);
        message.Headers![MessageHeaders.Baggage] = Encoding.UTF8.GetBytes(
            " a = 1 ;property, ,=x,noValue,empty=,b=%zz,c=1=2,tinyworker.task.id=forged");
        var activity = TraceHeaders.StartAtHost(message, "X");
        Assert.That(
            activity.Baggage.Select(item => $"{item.Key}:{item.Value}"), Is.EqualTo(new[] { "a:1", "empty:", "b:%zz", "c:1=2" }));
        RabbitActivity.EndProcess(activity, TaskOutcome.Ok, null);
    }

    [TestCase("")]
    [TestCase("nonsense")]
    [TestCase("00-00000000000000000000000000000000-0000000000000000-00")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    public void StartAtHost_AHeaderThatIsNone_IsATraceOfItsOwn(string parent)
    {
        var message = Sent(null);
        message.Headers![MessageHeaders.TraceParent] = Encoding.UTF8.GetBytes(parent);
        message.Headers[MessageHeaders.Baggage] = Encoding.UTF8.GetBytes(new string('x', 100_000));
        message.Headers[MessageHeaders.TraceState] = 17;
        var activity = TraceHeaders.StartAtHost(message, "X");
        Assert.That(activity.Parent, Is.Null);
        Assert.That(activity.ParentSpanId, Is.EqualTo(default(ActivitySpanId)));
        Assert.That(activity.Baggage, Is.Empty);
        RabbitActivity.EndProcess(activity, TaskOutcome.Ok, null);
    }

    [Test]
    public void StartAtHost_WithinAnActivityThatHasEnded_LeavesNone()
    {
        var over = new Activity("over").Start();
        Activity.Current = over;
        var activity = TraceHeaders.StartAtHost(Sent(null), "X");
        over.Stop();
        RabbitActivity.EndProcess(activity, TaskOutcome.Ok, null);
        Assert.That(Activity.Current, Is.Null.Or.Not.SameAs(over));
    }

    // As RabbitMQ.Client does it: through the interface.
    [Test]
    public void KeptHeaders_AnotherContextIsWritten_KeepTheirs()
    {
        using var submitter = new Activity("submitter").Start();
        IDictionary<string, object?> kept = new KeptHeaders(2);
        TraceHeaders.Write(kept, submitter);
        using var other = new Activity("publish").Start();
        DistributedContextPropagator.Current.Inject(other, kept, static (headers, key, value) =>
            ((IDictionary<string, object?>)headers!)[key] = value);
        kept["x-sequence"] = 1;
        Assert.That(kept[MessageHeaders.TraceParent], Is.EqualTo(submitter.Id));
        Assert.That(kept["x-sequence"], Is.EqualTo(1));

        // Without a context of ours that of the client is better than none.
        kept = new KeptHeaders(2);
        TraceHeaders.Write(kept, null);
        Assert.That(kept, Is.Empty);
        kept[MessageHeaders.TraceParent] = other.Id;
        Assert.That(kept[MessageHeaders.TraceParent], Is.EqualTo(other.Id));
    }

    // As the broker gives it back: texts are bytes.
    private static BasicProperties Sent(Activity? activity)
    {
        var headers = new KeptHeaders(4);
        TraceHeaders.Write(headers, activity);
        return new BasicProperties
        {
            MessageId = "client.1",
            ReplyTo = "tw.X.replies.client",
            Headers = headers.ToDictionary(each => each.Key, each => each.Value is string text ? Encoding.UTF8.GetBytes(text) : each.Value),
        };
    }
}
