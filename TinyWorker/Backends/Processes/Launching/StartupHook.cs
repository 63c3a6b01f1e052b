using TinyWorker.Backends.Processes.Launching;

/// <summary>
/// The runtime calls it before the user's Main where DOTNET_STARTUP_HOOKS names this assembly. Its name, and that it has no namespace, are
/// the runtime's: https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md
/// </summary>
#pragma warning disable CA1050 // Without a namespace.
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize() => ChildHost.RunIfWorker();
}
