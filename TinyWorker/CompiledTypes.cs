using System.Diagnostics.CodeAnalysis;
using TinyWorker.Processes.Child;

namespace TinyWorker;

/// <summary>
/// For which types of inputs and results the package has machine code. Every class, array and string shares the code of
/// <see cref="object"/>; each struct and primitive has its own, and that only where the library itself uses it. Without it, a new worker
/// process compiles some 250 methods before its first result.
/// </summary>
[ExcludeFromCodeCoverage(Justification = "Only its code is wanted.")]
internal static class CompiledTypes
{
    /// <summary>Not called: the compiler follows it. A pair takes a quarter of a megabyte for each system, so there are few.</summary>
    public static void Use()
    {
        Use<int, int>();
        Use<int, object>();
        Use<object, int>();
        Use<object, bool>();
        Use<object, double>();
        Use<double, double>();
    }

    private static void Use<TIn, TOut>()
    {
        using var troupe = new TinyTroupe<TIn, TOut>((Func<TIn, TOut>)null!);
        _ = troupe.Submit(default(TIn)!).Result();
        _ = new WorkerServer<TIn, TOut>(null!, null!, null!).Serve(null!, null!);
    }
}
