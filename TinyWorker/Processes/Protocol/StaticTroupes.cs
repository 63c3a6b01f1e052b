using System.Diagnostics;
using System.Globalization;
using TinyWorker.Threading;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// Which troupes static initializers have made, here and in the processes above. A worker's code that uses the type of such a static field
/// runs the initializer again, in each worker: N workers would start N workers each, and if the initializer waits for a task, without end.
/// Thread-safe.
/// </summary>
internal static class StaticTroupes
{
    private static readonly Lock Lock = new();
    private static readonly HashSet<string> OfThisProcess = [];   // guarded by Lock: functions, by the identities of their methods
    private static readonly HashSet<string> Above = [];           // guarded by Lock: those of the processes above, and what this one serves
    private static Delegate? s_served;   // guarded by Lock: what this process serves, until somebody asks for Above: few workers do

    /// <summary>The functions of such troupes, here and above.</summary>
    public static string[] Known
    {
        get
        {
            using (Uninterrupted.Enter(Lock)) return [.. OfThisProcess.Union(Above_NeedsLock())];
        }
    }

    /// <summary>What a child is told when it starts.</summary>
    /// <param name="known">The <see cref="Known"/> of its parent.</param>
    /// <param name="served">The function that the child serves.</param>
    public static void Inherit(IEnumerable<string> known, Delegate served)
    {
        using (Uninterrupted.Enter(Lock))
        {
            Above.UnionWith(known);
            if (s_served is not null) Above.Add(IdentityOf(s_served));   // never in a process: it serves one function
            s_served = served;
        }
    }

    /// <summary>Notes a troupe that is being made, if a static initializer makes it.</summary>
    /// <exception cref="InvalidOperationException">A process above has made it already.</exception>
    public static void Note(Delegate function, string name)
    {
        if (!IsInStaticInitializer()) return;
        var identity = IdentityOf(function);
        using (Uninterrupted.Enter(Lock))
        {
            OfThisProcess.Add(identity);
            if (!Above_NeedsLock().Contains(identity)) return;
        }

        throw new InvalidOperationException(
            $"A static initializer makes the troupe of this function ({name}), and its code now runs in a worker process of that troupe, "
            + "where it would make the troupe again: each worker would start as many workers. Make the troupe in a method, or in a Lazy<T> "
            + "that no worker asks for; or put the function into a type without this static field.");
    }

    private static HashSet<string> Above_NeedsLock()
    {
        if (s_served is null) return Above;
        Above.Add(IdentityOf(s_served));
        s_served = null;
        return Above;
    }

    // Also an initializer of a module. Neither is ever inlined.
    private static bool IsInStaticInitializer() =>
        new StackTrace(fNeedFileInfo: false).GetFrames().Any(frame => DiagnosticMethodInfo.Create(frame)?.Name == ".cctor");

    private static string IdentityOf(Delegate function)
    {
        var method = function.Method;
        var arguments = method.IsGenericMethod ? string.Join(",", method.GetGenericArguments().Select(type => type.ToString())) : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{method.Module.ModuleVersionId:N} {method.MetadataToken:x} {method.DeclaringType}<{arguments}>");
    }
}
