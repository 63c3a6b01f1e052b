using System.Buffers;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>The options of process troupes: the surroundings of a worker, its memory, its serializer.</summary>
internal sealed class OptionTests : TroupeFixture
{
    [Test]
    public async Task Environment_ByWorker_IsSetAndRemovedThere()
    {
        Environment.SetEnvironmentVariable("TINYWORKER_REMOVED", "here");
        Func<string, string> read = static name => Environment.GetEnvironmentVariable(name) ?? "none";
        await using var troupe = new TinyTroupe<string, string>(read, new ProcessTroupeOptions
        {
            Workers = 1,
            Environment = info => new Dictionary<string, string?>
            {
                ["TINYWORKER_GPU"] = $"{info.Troupe} {info.Index} {info.Restarts}", ["TINYWORKER_REMOVED"] = null,
            },
            Name = "gpus",
        });
        Assert.That(await Result(troupe.Submit("TINYWORKER_GPU")), Is.EqualTo("gpus 0 0"));
        Assert.That(await Result(troupe.Submit("TINYWORKER_REMOVED")), Is.EqualTo("none"));
        Assert.That(await Result(troupe.Submit("TINYWORKER_CHILD")), Is.EqualTo("none"));
        await Dispose(troupe);
        Environment.SetEnvironmentVariable("TINYWORKER_REMOVED", null);
    }

    [Test]
    public async Task Environment_ThatThrows_BreaksTheTroupe()
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x, new ProcessTroupeOptions { Workers = 1, Environment = _ => throw new FormatException("no GPU") });
        var fault = await Fault<WorkerStartException>(troupe.Submit(1));
        Assert.That(fault.InnerException, Is.TypeOf<FormatException>());
        Assert.That(
            fault.Message,
            Does.Contain("ProcessTroupeOptions.Environment threw FormatException: no GPU.")
                .And.Contain("mend the function ProcessTroupeOptions.Environment").And.Not.Contain("constructor"));
        await Dispose(troupe);
    }

    [Test]
    public async Task Environment_ThatBlocksOnAsynchronousCode_WaitsForNoThreadThatItHolds()
    {
        var asked = 0;
        var troupe = new TinyTroupe<int, int>(
            x => x == 0 ? Deaths.Die(Death.Exit) : x,
            new ProcessTroupeOptions
            {
                Workers = 1,
                Environment = _ =>
                {
                    AskAsync().GetAwaiter().GetResult();
                    return new Dictionary<string, string?>();
                },
            });
        await Crashed(troupe.Submit(0), Death.Exit);
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(1));
        await Dispose(troupe);
        Assert.That(asked, Is.EqualTo(2));

        async Task AskAsync()
        {
            await Task.Yield();
            asked++;
        }
    }

    [Test]
    public async Task Environment_OfASuccessorThatTakesLong_DelaysNobodyWhoseWorkerHasDied()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x => x == 0 ? Deaths.Die(Death.Exit) : x,
            new ProcessTroupeOptions
            {
                Workers = 1,
                Environment = info =>
                {
                    if (info.Restarts > 0) Within.Wait(gate, "the end of the task that the worker died of");
                    return new Dictionary<string, string?>();
                },
            });
        await Crashed(troupe.Submit(0), Death.Exit);
        gate.Set();
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(1));
        await Dispose(troupe);
    }

    [Test]
    public async Task WorkingDirectory_IsTheWorkers()
    {
        var folder = Ledger();
        await using var troupe = new TinyTroupe<int, string>(
            _ => Directory.GetCurrentDirectory(), new ProcessTroupeOptions { Workers = 1, WorkingDirectory = folder });
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(folder));
        await Dispose(troupe);
    }

    [Test]
    public async Task StartTimeout_TooShort_BreaksTheTroupe()
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x, new ProcessTroupeOptions { Workers = 1, StartTimeout = TimeSpan.FromMilliseconds(1) });
        Assert.That((await Fault<WorkerStartException>(troupe.Submit(1))).ToString(), Does.Contain("00:00:00.001"));
        await Dispose(troupe);
    }

    [Test]
    public async Task MaxWorkerMemory_PassedByATask_ReplacesTheWorkerBeforeTheNext()
    {
        await using var troupe = new TinyTroupe<int, int>(
            mebibytes =>
            {
                Hoard.Keep(mebibytes << 20);
                return Environment.ProcessId;
            },
            new ProcessTroupeOptions { Workers = 1, MaxWorkerMemory = 300 << 20 });
        var first = await Result(troupe.Submit(1));
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(first));
        Assert.That(await Result(troupe.Submit(400)), Is.EqualTo(first), "the task that passes the limit is done");
        Assert.That(await Result(troupe.Submit(1)), Is.Not.EqualTo(first));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
        await Dispose(troupe);
    }

    [Test]
    public async Task MaxWorkerMemory_PassedByATaskThatFaults_ReplacesTheWorkerBeforeTheNext()
    {
        await using var troupe = new TinyTroupe<int, int>(
            mebibytes =>
            {
                Hoard.Keep(mebibytes << 20);
                return mebibytes > 1 ? throw new FormatException("on purpose") : Environment.ProcessId;
            },
            new ProcessTroupeOptions { Workers = 1, MaxWorkerMemory = 300 << 20 });
        var first = await Result(troupe.Submit(1));
        await Fault<FormatException>(troupe.Submit(400));
        Assert.That(await Result(troupe.Submit(1)), Is.Not.EqualTo(first));
        await Dispose(troupe);
    }

    [Test]
    public async Task MaxTasksPerWorker_Reached_GivesTheNextTaskAFreshProcess()
    {
        await using var troupe = new TinyTroupe<int, int>(
            _ => Environment.ProcessId, new ProcessTroupeOptions { Workers = 1, MaxTasksPerWorker = 2 });
        var processes = new int[6];
        var futures = processes.Select(_ => troupe.Submit(0)).ToArray();
        for (var i = 0; i < futures.Length; i++) processes[i] = await Result(futures[i]);
        Assert.That(processes[0], Is.EqualTo(processes[1]));
        Assert.That(processes.Distinct().Count(), Is.EqualTo(3));
        await Dispose(troupe);
    }

    [Test]
    public async Task MaxTasksPerWorker_Reached_StartsTheSuccessorOnceTheOldProcessIsGone()
    {
        var device = File("device");
        await using var troupe = new TinyTroupe<int, string>(
            _ => new OwnsADevice(device), new ProcessTroupeOptions { Workers = 1, MaxTasksPerWorker = 1 });
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo("none"));
        Assert.That(await Result(troupe.Submit(2)), Is.EqualTo("gone"));
        await Dispose(troupe);
    }

    [Test]
    public async Task Serializer_OfTheUser_CarriesInputsAndResults()
    {
        await using var troupe = new TinyTroupe<Version, Version>(
            version => new Version(version.Major + 1, version.Minor),
            new ProcessTroupeOptions { Workers = 1, Serializer = static () => new AsText() });
        Assert.That(await Result(troupe.Submit(new Version(1, 2))), Is.EqualTo(new Version(2, 2)));
        await Dispose(troupe);
    }

    [Test]
    public async Task Serializer_ThatBlocksOnAsynchronousCode_WaitsForNoThreadThatItHolds()
    {
        var troupe = new TinyTroupe<Version, Version>(
            version => version, new ProcessTroupeOptions { Workers = 1, Serializer = static () => new Blocking() });
        Assert.That(await Result(troupe.Submit(new Version(1, 2))), Is.EqualTo(new Version(1, 2)));
        await Dispose(troupe);
    }

    [Test]
    public void Serializer_ThatIsNone_IsRefusedByTheConstructor() =>
        Assert.That(
            () => new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = 1, Serializer = static () => null! }),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("options").And.Message.Contains("Serializer returned null"));

    [Test]
    public async Task Snapshot_OfWorkers_HasProcessesAndTheirMemory()
    {
        await using var troupe = new TinyTroupe<int, int>(_ => Environment.ProcessId, new ProcessTroupeOptions { Workers = 2 });
        await Within.Time(troupe.WhenReadyAsync());
        var process = await Result(troupe.Submit(1));
        var workers = troupe.Snapshot().Workers;
        Assert.That(workers.Select(worker => worker.ProcessId), Is.Unique.And.All.Not.Null);
        Assert.That(workers.Select(worker => worker.ProcessId), Does.Contain(process));
        Assert.That(workers.Select(worker => worker.ResidentMemory), Is.All.GreaterThan(10L << 20));
        await Dispose(troupe);
        Assert.That(workers.Select(worker => worker.ProcessId!.Value), Is.All.Matches<int>(id => !ProcessTable.IsAlive(id)));
    }

    [Test]
    public async Task Output_OfAWorker_GoesToTheLoggerByLineWithItsName()
    {
        using var loggers = new FakeLoggers();
        await using var troupe = new TinyTroupe<int, string>(
            _ =>
            {
                Console.WriteLine("to stdout");
                Console.Error.WriteLine("to stderr");
                return "[" + Console.In.ReadToEnd() + "]";
            },
            new ProcessTroupeOptions { Workers = 1, Name = "chatty", LoggerFactory = loggers });
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo("[]"));
        await Dispose(troupe);
        var logged = loggers.Records.Select(record => (record.Level, record.Message)).ToArray();
        Assert.That(logged, Has.Member((LogLevel.Information, "chatty #0: to stdout")));
        Assert.That(logged, Has.Member((LogLevel.Warning, "chatty #0: to stderr")));
    }

    [Test]
    public async Task Output_OfAWorkerWithoutALogger_GoesToStderr()
    {
        var before = Console.Error;
        var errors = new StringWriter();
        Console.SetError(TextWriter.Synchronized(errors));
        try
        {
            await using var troupe = new TinyTroupe<int, int>(
                x =>
                {
                    Console.WriteLine("to stdout");
                    return x;
                },
                new ProcessTroupeOptions { Workers = 1, Name = "chatty" });
            await Result(troupe.Submit(1));
            await Dispose(troupe);
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.That(errors.ToString(), Does.Contain("chatty #0: to stdout"));
    }

    [Test]
    public async Task Workers_MoreThanProcessors_AllWork()
    {
        var folder = Ledger();
        await using var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Deaths.Note(folder);
                return SpinWait.SpinUntil(() => Deaths.Notes(folder).Length == 8, TimeSpan.FromSeconds(30)) ? Environment.ProcessId : 0;
            },
            new ProcessTroupeOptions { Workers = 8 });
        var futures = Enumerable.Range(0, 8).Select(_ => troupe.Submit(0)).ToArray();
        var processes = new HashSet<int>();
        foreach (var future in futures) processes.Add(await Result(future));
        Assert.That(processes, Has.Count.EqualTo(8));
        await Dispose(troupe);
    }

    /// <summary>Owns the one device. It tells whether its predecessor was gone, and disposes slowly.</summary>
    private sealed class OwnsADevice : TinyWorker<int, string>, IDisposable
    {
        private readonly string _device;
        private readonly string _predecessor;

        public OwnsADevice(string device)
        {
            _device = device;
            _predecessor = !System.IO.File.Exists(device) ? "none"
                : Directory.Exists("/proc/" + System.IO.File.ReadAllText(device)) ? "there" : "gone";
            System.IO.File.WriteAllText(device, Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        public override string Call(int input, CancellationToken cancellationToken) => _predecessor;

        public void Dispose()
        {
            var own = System.IO.File.ReadAllText(_device);
            SpinWait.SpinUntil(() => System.IO.File.ReadAllText(_device) != own, TimeSpan.FromMilliseconds(500));
        }
    }

    private static class Hoard
    {
        private static readonly List<byte[]> Kept = [];

        public static void Keep(int bytes)
        {
            var block = new byte[bytes];
            for (var i = 0; i < block.Length; i += 1024) block[i] = 1;
            Kept.Add(block);
        }
    }

    private sealed class AsText : IPayloadSerializer
    {
        public void Serialize<T>(T value, IBufferWriter<byte> writer) =>
            writer.Write(System.Text.Encoding.UTF8.GetBytes(value!.ToString()!));

        public T Deserialize<T>(ReadOnlyMemory<byte> payload) =>
            (T)(object)Version.Parse(System.Text.Encoding.UTF8.GetString(payload.Span));
    }

    private sealed class Blocking : IPayloadSerializer
    {
        private readonly AsText _text = new();

        public void Serialize<T>(T value, IBufferWriter<byte> writer)
        {
            ComeBackAsync().GetAwaiter().GetResult();
            _text.Serialize(value, writer);
        }

        public T Deserialize<T>(ReadOnlyMemory<byte> payload)
        {
            ComeBackAsync().GetAwaiter().GetResult();
            return _text.Deserialize<T>(payload);
        }

        // Returns to the caller's context, if there is one.
        private static async Task ComeBackAsync() => await Task.Yield();
    }
}
