using System.Globalization;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What happened to a job in a worker.</summary>
internal enum RunEvent
{
    Started,
    Ended,
    Cancelled,
}

/// <summary>A line of a ledger.</summary>
internal sealed record RunEntry(RunEvent Event, int Number, string TaskId, int Attempt, bool Redelivered, int Process);

/// <summary>What all processes of a test have written about the jobs that they ran: a folder with a file for each process. What a process
/// has written is there although it was killed.</summary>
internal sealed class Ledger : IDisposable
{
    public const string Variable = "TINYWORKER_TEST_LEDGER";

    private const string Cure = "cured";

    public string Folder { get; } = Directory.CreateTempSubdirectory("tinyworker-ledger-").FullName;

    public static bool IsCured(string folder) => File.Exists(Path.Join(folder, Cure));

    /// <summary>From now on, poison does no harm.</summary>
    public void CurePoison() => File.WriteAllText(Path.Join(Folder, Cure), "");

    /// <summary>What is written by now.</summary>
    public IReadOnlyList<RunEntry> Read()
    {
        var entries = new List<RunEntry>();
        foreach (var file in Directory.GetFiles(Folder, "*.txt"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            var text = reader.ReadToEnd();
            var whole = text[..(text.LastIndexOf('\n') + 1)];   // the last line may be half written
            entries.AddRange(whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse));
        }

        return entries;
    }

    public int Count(RunEvent what) => Read().Count(entry => entry.Event == what);

    /// <summary>The jobs that were started more than once.</summary>
    public int[] RunAgain() =>
        [.. Read().Where(entry => entry.Event == RunEvent.Started).GroupBy(entry => entry.Number).Where(runs => runs.Count() > 1)
            .Select(runs => runs.Key).Order()];

    /// <summary>Waits until the processes have written what the test waits for.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<RunEntry>, bool> condition, string what, TimeSpan? deadline = null)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!condition(Read()))
        {
            if (clock.Elapsed > (deadline ?? Within.Deadline))
            {
                var entries = Read();
                throw new AssertionException(
                    $"{what} was not seen. The ledger has {entries.Count} lines; the last are:\n{string.Join('\n', entries.TakeLast(10))}");
            }

            await Task.Delay(20);   // a file has no event
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static RunEntry Parse(string line)
    {
        var parts = line.Split(' ');
        return new RunEntry(
            Enum.Parse<RunEvent>(parts[0]), Int(parts[1]), parts[2], Int(parts[3]), bool.Parse(parts[4]), Int(parts[5]));
    }

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Writes the ledger of one process.</summary>
internal sealed class LedgerWriter
{
    private static readonly Lazy<LedgerWriter> Own = new(() => new LedgerWriter(Environment.GetEnvironmentVariable(Ledger.Variable)));

    private readonly string? _folder;
    private readonly FileStream? _file;
    private readonly Lock _lock = new();

    private LedgerWriter(string? folder)
    {
        _folder = folder;
        if (folder is null) return;
        var file = Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}.{Guid.NewGuid():N}.txt"));
        _file = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    public static LedgerWriter OfThisProcess => Own.Value;

    public bool IsCured => _folder is not null && Ledger.IsCured(_folder);

    /// <summary>Writes a line. It is the system's when this returns, so that it outlives the process.</summary>
    public void Write(RunEvent what, Job job)
    {
        if (_file is null) return;
        var delivery = RabbitDelivery.Current;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{what} {job.Number} {delivery?.TaskId ?? "-"} {delivery?.Attempt ?? 0} {delivery?.Redelivered ?? false} {Environment.ProcessId}\n");
        lock (_lock) _file.Write(System.Text.Encoding.UTF8.GetBytes(line));
    }
}
