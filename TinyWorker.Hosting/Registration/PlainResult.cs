namespace TinyWorker.Hosting;

/// <summary>A task or a future is no result: it would be handed out unfinished. The core refuses them in the same way.</summary>
internal static class PlainResult
{
    public static void Refuse(Type type, string what, string parameter)
    {
        if (KindOf(type) is not "task") return;
        throw new ArgumentException(
            $"{what} is a {type.Name}: a task would be taken for a result. Let the function be asynchronous, and TOut the type that the " +
            $"task gives: AddTinyTroupe<..., {(type.IsGenericType ? type.GetGenericArguments()[0].Name : "bool")}>(name, async " +
            "(services, input, token) => await ...).",
            parameter);
    }

    /// <summary>Where a result may be any object, the compiler takes a lambda that returns a task for a synchronous function.</summary>
    public static TOut Checked<TOut>(TOut result)
    {
        if (typeof(TOut) != typeof(object) || result is null || KindOf(result.GetType()) is not { } kind) return result;
        throw new InvalidOperationException(
            $"The function returned a {kind} as its result. Let the function be asynchronous, and await the {kind} in it.");
    }

    private static string? KindOf(Type type)
    {
        if (typeof(Task).IsAssignableFrom(type) || type == typeof(ValueTask)) return "task";
        for (var each = type; each is not null; each = each.BaseType)
        {
            if (!each.IsGenericType) continue;
            if (each.GetGenericTypeDefinition() == typeof(ValueTask<>)) return "task";
            if (each.GetGenericTypeDefinition() == typeof(TinyFuture<>)) return "future";
        }

        return null;
    }
}
