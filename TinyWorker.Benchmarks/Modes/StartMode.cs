using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// How long does a troupe of one and of four worker processes take from its constructor to its first result, compared with a bare child?
/// With the plain assembly and with the compiled code that the package has. They take turns.
/// </summary>
internal static class StartMode
{
    /// <summary>The verb of the process that makes the troupes: see <see cref="Starter"/>.</summary>
    public const string StarterVerb = "starter";

    private const string Methods = "methods";
    private const string Processor = "processor";
    private const int Rounds = 15;

    /// <param name="folders">Other builds of this program to measure too, each in a folder of its own; none for the package's code.</param>
    public static async Task<int> RunAsync(string[] folders)
    {
        if (folders.Length == 0)
        {
            if (await CompiledCopy.MakeAsync() is not { } compiled) return 1;
            folders = [AppContext.BaseDirectory, compiled];
        }

        var starters = folders.Select(folder => new Starter(folder)).ToArray();
        List<double> bare = [];
        for (var round = -1; round < Rounds; round++)
        {
            var child = await BareAsync();
            if (round >= 0) bare.Add(child);
            foreach (var starter in starters)
            {
                var (one, four, processor) = (starter.Ask("1"), starter.Ask("4"), starter.Ask(Processor));
                if (round < 0) continue;   // the first round includes compilation
                starter.One.Add(one);
                starter.Four.Add(four);
                starter.Processor.Add(processor);
            }
        }

        Console.WriteLine($"One bare child to its first answer: {Medians.Of(bare):F0} ms");
        foreach (var starter in starters)
        {
            var code = starter.Folder == AppContext.BaseDirectory ? "plain assembly"
                : starter.Folder == CompiledCopy.Folder ? "compiled code, as the package has it"
                : starter.Folder;
            Console.WriteLine($"One worker process to its first result, {code}: {Compared(starter.One, bare)}");
            Console.WriteLine($"Four worker processes to their first result, {code}: {Compared(starter.Four, bare)}");
            Console.WriteLine(
                $"  Up to its first task such a process compiles {starter.Ask(Methods):F0} methods and has {Medians.Of(starter.Processor):F0} ms "
                + "of processor time");
            starter.Dispose();
        }

        return 0;
    }

    /// <summary>What a <see cref="Starter"/> does: each line that it reads is a question, whose answer is a number.</summary>
    public static async Task ServeAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var answer = line switch
            {
                // Tells whether the library that is measured has compiled code.
                Methods => await FirstResultAsync(static _ => (int)JitInfo.GetCompiledMethodCount()),
                Processor => await FirstResultAsync(static _ => (int)Environment.CpuUsage.TotalTime.TotalMicroseconds) / 1000d,
                _ => await TroupeAsync(int.Parse(line, CultureInfo.InvariantCulture)),
            };
            Console.WriteLine(answer.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string Compared(List<double> times, List<double> bare) =>
        $"{Medians.Of(times):F0} ms, {Medians.OfRatios(times, bare):F2} of the bare child";

    private static async Task<double> BareAsync()
    {
        var started = Stopwatch.GetTimestamp();
        using var child = await BareChild.StartAsync();
        await child.RoundTripAsync();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static async Task<double> TroupeAsync(int workers)
    {
        var started = Stopwatch.GetTimestamp();
        await using var troupe = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = workers });
        _ = await troupe.Submit(1);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    // The same types as above: the package has compiled code for them.
    private static async Task<int> FirstResultAsync(Func<int, int> function)
    {
        await using var troupe = new TinyTroupe<int, int>(function, new ProcessTroupeOptions { Workers = 1 });
        return await troupe.Submit(1);
    }

    /// <summary>A process of one build of this program, which makes troupes: its worker processes are of the same build.</summary>
    private sealed class Starter : IDisposable
    {
        private readonly Process _process;

        public Starter(string folder)
        {
            Folder = folder;
            var program = Path.Combine(folder, Path.GetFileName(typeof(StartMode).Assembly.Location));
            _process = Process.Start(new ProcessStartInfo("dotnet")
            {
                ArgumentList = { "exec", program, StarterVerb },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        }

        public string Folder { get; }

        public List<double> One { get; } = [];

        public List<double> Four { get; } = [];

        public List<double> Processor { get; } = [];

        public double Ask(string question)
        {
            _process.StandardInput.WriteLine(question);
            var answer = _process.StandardOutput.ReadLine() ?? throw new EndOfStreamException("The process that makes troupes has ended.");
            return double.Parse(answer, CultureInfo.InvariantCulture);
        }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
