namespace TinyWorker.Futures;

/// <summary>
/// A task or a future where any object would do: the compiler takes it for a plain value, and nobody means it to be one.
/// </summary>
internal static class Unfinished
{
    /// <summary>What it is; null for an object that is neither.</summary>
    public static string? KindOf(object? value)
    {
        if (value is null) return null;
        if (value is Task) return nameof(Task);
        for (var type = value.GetType(); type is not null; type = type.BaseType)
        {
            if (type == typeof(ValueTask)) return nameof(ValueTask);
            if (!type.IsGenericType) continue;
            var definition = type.GetGenericTypeDefinition();
            if (definition == typeof(TinyFuture<>)) return "TinyFuture";
            if (definition == typeof(ValueTask<>)) return nameof(ValueTask);
        }

        return null;
    }

    /// <summary>The value that the function of a step returned.</summary>
    /// <exception cref="InvalidOperationException">Any object would do, and it is a task or a future.</exception>
    public static T NotIn<T>(T value)
    {
        if (typeof(T) != typeof(object) || KindOf(value) is not { } kind) return value;
        throw new InvalidOperationException(
            $"The function of a step returned a {kind} as its result, which may be any object. If the result of the {kind} is meant, " +
            "return that. In a Then: async x => await ...");
    }
}
