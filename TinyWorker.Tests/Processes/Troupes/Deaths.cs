namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What the workers of the tests do in their processes. It must not use types of the test framework.</summary>
internal static class Deaths
{
    public const string LastWords = "these are my last words";
    public const int ExitCode = 3;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static int Die(Death death)
    {
        Console.Error.WriteLine(LastWords);
        switch (death)
        {
            case Death.Exception:
                throw new FormatException("on purpose");
            case Death.Exit:
                Environment.Exit(ExitCode);
                break;
            case Death.FailFast:
                Environment.FailFast("on purpose");
                break;
            case Death.StackOverflow:
                return Fatal.StackOverflow();
            case Death.Sigkill:
                Kill(Environment.ProcessId);
                break;
            case Death.Sigsegv:
                return Fatal.NativeFault();
        }

        return Hang();
    }

    /// <summary>Dies when the file exists, whatever the worker does then.</summary>
    public static int DieAtTheGate(Death death, string gate)
    {
        new Thread(() =>
        {
            Await(gate);
            Die(death);
        }) { IsBackground = true }.Start();
        return Environment.ProcessId;
    }

    /// <summary>Adds a file to the folder, and returns how many there are.</summary>
    public static int Note(string folder)
    {
        File.WriteAllText(Path.Combine(folder, $"{DateTime.UtcNow.Ticks:D20} {Guid.NewGuid():N}"), "");
        return Notes(folder).Length;
    }

    /// <summary>When each file was added.</summary>
    public static DateTime[] Notes(string folder) =>
        [.. Directory.GetFiles(folder).Select(static file => new DateTime(Ticks(file), DateTimeKind.Utc)).Order()];

    private static long Ticks(string file) =>
        long.Parse(Path.GetFileName(file).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    public static void Await(string gate)
    {
        if (!SpinWait.SpinUntil(() => File.Exists(gate), Deadline)) Environment.FailFast("The gate was never opened: " + gate);
    }

    /// <summary>Starts a process that hangs, writes its id into the file, and hangs itself.</summary>
    public static int HangWithAChild(string file)
    {
        using var sleeper = System.Diagnostics.Process.Start("sleep", ["1000"]);
        File.WriteAllText(file + ".new", sleeper.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        File.Move(file + ".new", file);
        return Hang();
    }

    public static int Hang()
    {
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    public static void Kill(int processId) => Fatal.Signal(processId, 9);

    public static void Stop(int processId) => Fatal.Signal(processId, 19);
}
