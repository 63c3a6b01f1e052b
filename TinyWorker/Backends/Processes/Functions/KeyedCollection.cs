namespace TinyWorker.Backends.Processes.Functions;

/// <summary>The collections that are written in a form of our own, with their comparer, and with keys of any type.</summary>
internal static class KeyedCollection
{
    public static bool Is(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Dictionary<,>) || type.GetGenericTypeDefinition() == typeof(HashSet<>));
}
