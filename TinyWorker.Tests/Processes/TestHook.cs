namespace TinyWorker.Tests.Processes;

/// <summary>What the startup hook of this program does: it sets a variable.</summary>
internal static class TestHook
{
    public const string Variable = "TINYWORKER_TEST_HOOK";
    public const string Done = "the hook has run";

    public static void Run()
    {
        switch (Environment.GetEnvironmentVariable(Variable))
        {
            case "exit":
                Console.Error.Write("no such model");
                Environment.Exit(3);
                break;
            case "hang":
                new ManualResetEventSlim().Wait();
                break;
            default:
                Environment.SetEnvironmentVariable(Variable, Done);
                break;
        }
    }
}
