using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Tests.Telemetry;

internal sealed class BrokerFiguresTests
{
    private static readonly RabbitTroupeSnapshot Quiet = new(
        RabbitConnectionState.Ready, "10.0.0.1:5672", "replies", 1200, 1200, 0, 0, 0, 0, 0, 0, 1204, 0, 0, 2, null);

    private static readonly RabbitHostSnapshot QuietHost = new(
        "X", "host", RabbitConnectionState.Ready, "10.0.0.1:5672", true, 64, 20, 1000, 0, 980, 0, 0, 980, 0, 0, 0, 0, 0, 980, 3, 0, null);

    [Test]
    public void Of_ASubmitterThatIsWell_AreFewAndCalm() => Assert.That(
        BrokerFigures.Of(Quiet),
        Is.EqualTo(new TroupeFigure[]
        {
            new("Connection", "ready"), new("Broker", "10.0.0.1:5672"), new("In the queue", "1,204"), new("Hosts", "2"),
            new("Dead letters", "0"),
        }));

    [Test]
    public void Of_AHostThatIsWell_AreFewAndCalm() => Assert.That(
        BrokerFigures.Of(QuietHost),
        Is.EqualTo(new TroupeFigure[]
        {
            new("Connection", "ready"), new("Broker", "10.0.0.1:5672"), new("In the queue", "3"), new("Prefetch", "64"),
            new("Unacknowledged", "20"), new("Dead letters", "0"),
        }));

    [TestCase(RabbitConnectionState.Down, true)]
    [TestCase(RabbitConnectionState.Connecting, false)]
    [TestCase(RabbitConnectionState.Blocked, true)]
    [TestCase(RabbitConnectionState.Failed, true)]
    [TestCase(RabbitConnectionState.Closed, false)]
    public void Of_AConnectionThatIsNotReady_WantsAttentionIfSomebodyCanHelp(RabbitConnectionState state, bool wanted)
    {
        var figures = BrokerFigures.Of(Quiet with { Connection = state, Endpoint = null, Ready = null, Hosts = null, DeadLetters = null });
        Assert.That(figures.Select(figure => figure.Name), Is.EqualTo(new[] { "Connection", "Broker" }), "what is not known is not said");
        Assert.That(figures[0].NeedsAttention, Is.EqualTo(wanted));
        Assert.That(BrokerFigures.Of(QuietHost with { Connection = state })[0], Is.EqualTo(figures[0]));
    }

    [Test]
    public void Of_WhatWentWrong_IsSaid()
    {
        var figures = BrokerFigures.Of(Quiet with
        {
            Hosts = 0, Suspects = 1, SentAgain = 2, Rejected = 3, Returned = 4, LateReplies = 5, Reconnects = 6, DeadLetters = 7,
        });
        Assert.That(
            figures.Skip(3),
            Is.EqualTo(new TroupeFigure[]
            {
                new("Hosts", "0", true), new("Suspects", "1"), new("Sent again", "2"), new("Rejected (full)", "3"), new("Returned", "4"),
                new("Late replies", "5"), new("Reconnects", "6"), new("Dead letters", "7", true),
            }));
        var ofHost = BrokerFigures.Of(
            QuietHost with { IsConsuming = false, Redelivered = 1, Suspected = 2, Unroutable = 3, Refused = 4, DeadLetters = 5 });
        Assert.That(
            ofHost.Where(figure => figure.NeedsAttention).Select(figure => $"{figure.Name} {figure.Value}"),
            Is.EqualTo(new[] { "Takes tasks no", "Refused 4", "Dead letters 5" }));
    }
}
