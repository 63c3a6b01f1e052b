namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What the workers of the tests do in their processes. No type of the test framework is to be named here.</summary>
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

    /// <summary>Dies once there is such a file, whatever the worker does meanwhile.</summary>
    public static int DieAtTheGate(Death death, string gate)
    {
        new Thread(() =>
        {
            Await(gate);
            Die(death);
        }) { IsBackground = true }.Start();
        return Environment.ProcessId;
    }

    /// <summary>Leaves a file of its own in the folder, and tells how many there are.</summary>
    public static int Note(string folder)
    {
        File.WriteAllText(Path.Combine(folder, $"{DateTime.UtcNow.Ticks:D20} {Guid.NewGuid():N}"), "");
        return Notes(folder).Length;
    }

    /// <summary>When each was left.</summary>
    public static DateTime[] Notes(string folder) =>
        [.. Directory.GetFiles(folder).Select(file => new DateTime(long.Parse(Path.GetFileName(file).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), DateTimeKind.Utc)).Order()];

    public static void Await(string gate)
    {
        if (!SpinWait.SpinUntil(() => File.Exists(gate), Deadline)) Environment.FailFast("The gate was never opened: " + gate);
    }

    /// <summary>Starts a process that stays, leaves its number in the file, and stays itself.</summary>
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
