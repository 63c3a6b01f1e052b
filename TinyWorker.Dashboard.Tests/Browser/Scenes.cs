using TinyWorker.Dashboard.Sampling;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>Exact states for the stage: what the page has to show well. They are the same at each call.</summary>
internal static class Scenes
{
    private static readonly string[] Names =
        ["decode", "thumbnails", "captions", "uploads", "virus scan", "hashes", "search index", "mail", "invoices", "speech to text"];

    /// <summary>Every scene by the name that its picture has.</summary>
    public static IReadOnlyDictionary<string, Func<DashboardState>> All { get; } = new Dictionary<string, Func<DashboardState>>
    {
        ["none"] = () => Of([]),
        ["one"] = () => Of([Troupe(1, "thumbnails")]),
        ["eight"] = Eight,
        ["forty"] = Forty,
        ["hostile"] = Hostile,
        ["trouble"] = Trouble,
        ["thousand"] = () => Thousand(0),
        ["control"] = () => Controlled(Eight()),
        ["remote"] = Remote,
    };

    public static DashboardState Eight() => Of(
        [
            Still(1, "uploads", TroupeCondition.Idle, "iiii"),
            Troupe(2, "decode"),
            Saturated(3, "thumbnails"),
            In(TroupeCondition.WaitingForInput, Troupe(4, "captions")) with { Running = 1, Cells = "biiiiiii" },
            Troupe(5, "virus scan") with { Restarts = 3, Faulted = 12, Faults = [Fault("TinyWorker.WorkerCrashedException", 12)] },
            Troupe(6, "hashes", 48_211.4) with { Succeeded = 912_345_678 },
            Still(7, "mail", TroupeCondition.Paused, "iiii") with { IsPaused = true, Waiting = 112 },
            Still(8, "search index", TroupeCondition.Starting, "ssss") with { Waiting = 3, Succeeded = 0, Wait = null, Run = null },
        ],
        [new(2, 3), new(3, 4), new(1, 2), new(1, 5), new(5, 8)]);

    /// <summary>Both sides of a troupe on a broker, with the figures that stand beside it.</summary>
    public static DashboardState Remote() => Of(
        [
            Troupe(1, "thumbnails") with
            {
                Figures =
                [
                    new("Connection", "ready", false), new("Broker", "10.0.0.12:5672", false), new("In the queue", "1,204", false),
                    new("Hosts", "3", false), new("Sent again", "0", false), new("Dead letters", "2", true),
                ],
            },
            Troupe(2, "captions") with
            {
                NeedsAttention = true,
                Figures = [new("Connection", "down", true), new("Unacknowledged", "17", false), new("Redelivered", "4", false)],
            },
        ]);

    public static DashboardState Forty() => Of(
        [.. Enumerable.Range(1, 40).Select(id => id % 9 == 4 ? Saturated(id, Name(id)) : Troupe(id, Name(id)))]);

    public static DashboardState Trouble() => Of(
        [
            Still(1, "models", TroupeCondition.Broken, "eeee") with
            {
                NeedsAttention = true, Succeeded = 0, Faulted = 3_412, Wait = null, Run = null,
                StartFailure = "WorkerStartException: could not load /models/captions-v3.onnx: no such file or directory.",
                Faults = [Fault("TinyWorker.WorkerStartException", 16) with { Message = "Could not load /models/captions-v3.onnx." }],
            },
            In(TroupeCondition.Hung, Troupe(2, "speech to text")) with
            {
                NeedsAttention = true, Running = 3, Cells = "bhbhbiii", Abandoned = 4, Faulted = 9,
                Faults = [Fault("System.TimeoutException", 9) with { Message = "The task ran for longer than 30.0 s." }],
                Longest = new(3, 1_894.2, 77, null, null),
            },
            Still(3, "virus scan", TroupeCondition.Down, "eeee") with
            {
                NeedsAttention = true, Restarts = 112, Faulted = 230,
                Faults = [Fault("TinyWorker.WorkerCrashedException", 14), Fault("System.IO.IOException", 2)],
            },
            In(TroupeCondition.Degraded, Troupe(4, "ocr")) with { NeedsAttention = true, Running = 5, Cells = "bbbbbe e", Restarts = 7 },
            Saturated(5, "thumbnails"),
            Still(6, "mail", TroupeCondition.Paused, "iiii") with { IsPaused = true, Waiting = 112 },
            Still(7, "old index", TroupeCondition.Stopped, "xxxx"),
        ],
        [new(1, 2), new(4, 5)]);

    public static DashboardState Hostile() => Of(
        [
            Troupe(1, "<img src=x onerror=alert(1)>") with { Sentence = "<b>not bold</b>", Text = "</p><script>alert(2)</script>" },
            Troupe(2, new string('x', 1_000)),
            Troupe(3, "מרכז הנתונים \u202egpj.exe"),
            Troupe(4, "a\u0000b\u0007c\r\nd\u001b[31m"),
            Troupe(5, ""),
            Troupe(6, "javascript:alert(1)//'\"`${7*7}{{7*7}}"),
            Troupe(7, string.Join(' ', Enumerable.Repeat("word", 60))) with { Condition = "<i>Hung</i>" },
            Troupe(8, "👩‍👩‍👧‍👦 \ud800 unpaired") with
            {
                NeedsAttention = true,
                Faults = [Fault("<svg onload=alert(3)>.Evil`1[[System.String]]", 3) with { Message = new string('m', 500) }],
                Figures =
                [
                    new("<b>figure</b>", "<script>alert(4)</script>\u202egpj.exe", true), new("twice", "one", false),
                    new("twice", "other", false), new("", "", false), new(new string('n', 32), new string('v', 100), true),
                ],
            },
        ],
        [new(1, 2), new(2, 3), new(3, 5), new(5, 3), new(8, 8)]) with { Application = "<h1>Application</h1> " + new string('w', 200) };

    /// <summary>A troupe of 1,000 workers, each of which is in another state a second later, and another of 64.</summary>
    public static DashboardState Thousand(int tick)
    {
        var random = new Random(tick);
        var cells = string.Create(1_000, random, static (letters, random) =>
        {
            for (var i = 0; i < letters.Length; i++) letters[i] = "bbbbbbbiiis"[random.Next(11)];
            letters[123] = letters[700] = 'h';
        });
        var busy = cells.Count(letter => letter == 'b');
        var state = Of(
        [
            In(TroupeCondition.Hung, Troupe(1, "crawlers", 18_000 + random.Next(1_000))) with
            {
                Workers = 1_000, MaxWorkers = 1_000, Running = busy, Cells = cells, NeedsAttention = true,
            },
            Troupe(2, "parsers") with { Workers = 64, MaxWorkers = 64, Running = 50, Cells = new string('b', 50) + new string('i', 14) },
        ]);
        if (tick == 0) return state;
        return state with { Troupes = [.. state.Troupes.Select(troupe => troupe with { History = null })] };
    }

    /// <summary>The same as it is to be seen by who may control it.</summary>
    public static DashboardState Controlled(DashboardState state) => state with
    {
        MayControl = true, Token = "token", Troupes = [.. state.Troupes.Select(troupe => troupe with { CanControl = true })],
    };

    public static DashboardState Of(IReadOnlyList<TroupeState> troupes, IReadOnlyList<Link>? links = null) => new(
        "Picture service", 1_764_532_800_000, 1, false, null, 0, 1,
        new(
            troupes.Count, troupes.Sum(troupe => troupe.PerSecond), troupes.Sum(troupe => troupe.Waiting),
            troupes.Sum(troupe => (long)troupe.Running), troupes.Sum(troupe => troupe.Faulted), 6.2, 16, 1_412_000_000),
        0, troupes, links ?? []);

    public static TroupeState Troupe(int id, string name, double? rate = null)
    {
        var random = new Random(id);
        var perSecond = rate ?? Math.Round(20 + 400 * random.NextDouble(), 1);
        var level = perSecond;
        var history = new double[180];
        for (var i = 180; i-- > 0;)
        {
            history[i] = Math.Round(level, 1);
            level = Math.Max(0, level + (random.NextDouble() - 0.5) * perSecond * 0.25);
        }
        return new(
            id, name, "Busy", false, random.Next(0, 200), 1_024, 6, 8, 8, perSecond, 12_345 + id * 1_000, 0, id % 3, 0, 0, false, false,
            "bbbbbbii", history,
            Sentences.Of(TroupeCondition.Busy),
            $"'{name}' keeps up: 6 of its 8 workers run a task, and no task waits for one. There is nothing to change. "
            + "In the last 5.0 s it ended 240 tasks a second. "
            + "At that rate a task waits about 1.2 ms for a worker and runs for about 24.8 ms.",
            new(0.00085, 0.0125, 0.034, 0.112), new(0.0182, 0.0334, 0.0911, 1.24), [], new(2, 1.24, 4_711, 31_337, 212_400_000), null);
    }

    private static TroupeState Saturated(int id, string name) => In(TroupeCondition.Saturated, Troupe(id, name)) with
    {
        NeedsAttention = true, Waiting = 1_024, Running = 8, Cells = "bbbbbbbb", Wait = new(2.31, 3.9, 4.12, 4.4),
    };

    private static TroupeState Still(int id, string name, TroupeCondition condition, string cells) =>
        In(condition, Troupe(id, name, 0)) with
        {
            Waiting = 0, Running = 0, Workers = cells.Length, MaxWorkers = cells.Length, Cells = cells, Longest = null,
        };

    private static TroupeState In(TroupeCondition condition, TroupeState troupe) => troupe with
    {
        Condition = condition.ToString(), Sentence = Sentences.Of(condition),
    };

    private static string Name(int id) => id <= Names.Length ? Names[id - 1] : $"{Names[id % Names.Length]} {id / Names.Length + 1}";

    private static FaultState Fault(string type, int count) =>
        new(type, count, "The process 31337 was killed (signal 9) while it ran the task.", 3);
}
