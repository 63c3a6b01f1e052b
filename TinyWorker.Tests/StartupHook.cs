using TinyWorker.Tests.Processes;
using TinyWorker.Tests.Processes.Functions;

/// <summary>
/// A user's own startup hook, which the runtime runs before Main, and before ours, in processes that a test starts with it. The name and
/// the place are the runtime's: it looks for them in the assembly that DOTNET_STARTUP_HOOKS names.
/// </summary>
#pragma warning disable CA1050
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(FunctionChild.Variable) is null)
        {
            TestHook.Run();
            return;
        }

        FunctionChild.Serve();
        Environment.Exit(0);
    }
}
