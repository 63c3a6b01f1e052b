using TinyWorker.Tests.Processes.Functions;

/// <summary>The name and the place are the runtime's: it looks for them in the assembly that DOTNET_STARTUP_HOOKS names.</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(FunctionChild.Variable) is null) return;
        FunctionChild.Serve();
        Environment.Exit(0);
    }
}
