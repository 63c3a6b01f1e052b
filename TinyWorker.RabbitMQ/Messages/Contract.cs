namespace TinyWorker.RabbitMQ.Messages;

/// <summary>
/// What the tasks of a troupe are, as text: the types of input and result, without the versions of their assemblies, and the version that
/// the user gave. Two sides understand each other if their texts are equal.
/// </summary>
internal static class Contract
{
    public static string Of<TIn, TOut>(string? version)
    {
        var types = $"{NameOf(typeof(TIn))} -> {NameOf(typeof(TOut))}";
        return version is null ? types : $"{types} (version {version})";
    }

    // Without assemblies: a type may move between them. (That of int is another one in .NET Framework.)
    private static string NameOf(Type type)
    {
        if (type.IsArray) return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (!type.IsGenericType) return type.FullName ?? type.Name;
        var definition = type.GetGenericTypeDefinition().FullName!;
        return $"{definition}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }
}
