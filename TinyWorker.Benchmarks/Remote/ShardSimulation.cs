using System.Diagnostics;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>What a message costs a broker of three nodes; from a run of <c>remotescale 3</c>.</summary>
/// <param name="Others">Microseconds of processor time in channels, connections and followers. All of it is taken as that of the leader's
/// node, half before the queue and half after it: each node leads a third of the queues.</param>
/// <param name="Leader">In the process that leads the queue. There is one for each queue, and it does one thing at a time.</param>
/// <param name="LogEntry">In the process of each node that writes the log of all its queues, for one message.</param>
/// <param name="Flush">Microseconds in which the log is brought to the disk, once for all that waits.</param>
internal sealed record MessageCosts(double Others, double Leader, double LogEntry, double Flush);

/// <summary>
/// A simulation of tasks that are spread over many queues of a cluster of three nodes. A task is two messages: itself and its reply, each
/// through a queue that is picked at random. A message takes a core of the leader's node, the leader, the logs of the three nodes (two must
/// have it), and a core again. Arrivals are random (Poisson), and so are the times on cores and leaders (exponential). Hosts and the
/// network take no time.
/// </summary>
internal sealed class ShardSimulation
{
    private const int Nodes = 3;

    private readonly PriorityQueue<(Message Message, Station From), double> _events = new();
    private readonly Random _random = new(1);
    private readonly Station[] _cores;
    private readonly Station[] _logs;
    private readonly Station[] _leaders;
    private readonly MessageCosts _costs;
    private readonly List<double> _times = [];

    private ShardSimulation(MessageCosts costs, int cores, int queues)
    {
        _costs = costs;
        _cores = [.. Enumerable.Range(0, Nodes).Select(_ => new Station(cores))];
        _logs = [.. Enumerable.Range(0, Nodes).Select(_ => new Station(1))];
        _leaders = [.. Enumerable.Range(0, queues).Select(_ => new Station(1))];
    }

    /// <summary>Simulates a second.</summary>
    /// <param name="costs">What a message costs.</param>
    /// <param name="cores">Of each node.</param>
    /// <param name="queues">Of the cluster, for tasks and replies together.</param>
    /// <param name="rate">Tasks a second.</param>
    public static ShardResult Run(MessageCosts costs, int cores, int queues, double rate) =>
        new ShardSimulation(costs, cores, queues).Run(rate);

    private ShardResult Run(double rate)
    {
        const double second = 1e6;
        var next = 0.0;
        var now = 0.0;
        while (true)
        {
            while (next < second && (!_events.TryPeek(out _, out var first) || next <= first))
            {
                Arrive(new Message(next, IsReply: false, _random.Next(_leaders.Length)), next);
                next += Exponential(second / rate);
            }

            // What is not done long after the last arrival shows as a time that is too long.
            if (!_events.TryDequeue(out var ended, out now) || now > 2 * second) break;
            End(ended.Message, ended.From, now);
        }

        var unfinished = (rate * 1.0) - _times.Count;
        _times.Sort();
        return new(
            _times[_times.Count / 2] / 1000, _times[(int)(_times.Count * 0.99)] / 1000,
            _cores.Max(station => station.Busy) / second / _cores[0].Servers, _leaders.Max(station => station.Busy) / second,
            _logs.Max(station => station.Busy) / second, unfinished > rate * 0.02);
    }

    private void Arrive(Message message, double now) => Enter(CoresOf(message), message, Exponential(_costs.Others / 2), now);

    // What comes after a station.
    private void End(Message message, Station from, double now)
    {
        Leave(from, now);
        var leader = _leaders[message.Queue];
        if (from == leader)
        {
            foreach (var log in _logs)
                Enter(log, message, _costs.LogEntry, now);
        }
        else if (Array.IndexOf(_logs, from) >= 0)
        {
            // The second of three: it is stored.
            if (++message.Copies == 2) Enter(CoresOf(message), message with { IsStored = true }, Exponential(_costs.Others / 2), now);
        }
        else if (!message.IsStored)
        {
            Enter(leader, message, Exponential(_costs.Leader), now);
        }
        else if (!message.IsReply)
        {
            Arrive(new Message(message.Began, IsReply: true, _random.Next(_leaders.Length)), now);
        }
        else
        {
            _times.Add(now - message.Began);
        }
    }

    private Station CoresOf(Message message) => _cores[message.Queue % Nodes];

    private void Enter(Station station, Message message, double time, double now)
    {
        station.Waiting.Enqueue((message, time));
        Serve(station, now);
    }

    private void Leave(Station station, double now)
    {
        station.Serving--;
        Serve(station, now);
    }

    private void Serve(Station station, double now)
    {
        if (Array.IndexOf(_logs, station) >= 0)
        {
            // Everything that waits is written and flushed at once.
            if (station.Serving > 0 || station.Waiting.Count == 0) return;
            var batch = _costs.Flush + station.Waiting.Sum(entry => entry.Time);
            station.Busy += batch;
            while (station.Waiting.TryDequeue(out var entry))
            {
                station.Serving++;
                _events.Enqueue((entry.Message, station), now + batch);
            }

            return;
        }

        while (station.Serving < station.Servers && station.Waiting.TryDequeue(out var entry))
        {
            station.Serving++;
            station.Busy += entry.Time;
            _events.Enqueue((entry.Message, station), now + entry.Time);
        }
    }

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private sealed record Message(double Began, bool IsReply, int Queue)
    {
        public bool IsStored { get; init; }

        public int Copies { get; set; }
    }

    [DebuggerDisplay("{Serving} of {Servers}, {Waiting.Count} wait")]
    private sealed class Station(int servers)
    {
        public int Servers { get; } = servers;

        public Queue<(Message Message, double Time)> Waiting { get; } = new();

        public int Serving { get; set; }

        public double Busy { get; set; }
    }
}

/// <summary>How a second went.</summary>
/// <param name="Median">Milliseconds from a task's arrival to its reply.</param>
/// <param name="P99">The same, of the slowest hundredth.</param>
/// <param name="Cores">How busy the cores of the busiest node were.</param>
/// <param name="Leader">How busy the busiest leader was.</param>
/// <param name="Log">How busy the busiest log was. It flushes whenever something waits, so it is nearly always busy.</param>
/// <param name="FallsBehind">Whether more came than left.</param>
internal sealed record ShardResult(double Median, double P99, double Cores, double Leader, double Log, bool FallsBehind);
