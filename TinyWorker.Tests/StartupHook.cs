using TinyWorker.Tests.Processes;

/// <summary>A user's own startup hook, which the runtime runs before ours in the children of this program where a test asks for it.</summary>
#pragma warning disable CA1050
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize() => TestHook.Run();
}
