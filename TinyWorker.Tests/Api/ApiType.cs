using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Api;

/// <summary>The names of types as C# writes them, with the question marks that the compiler keeps in attributes.</summary>
internal static class ApiType
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint",
        [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal",
    };

    /// <summary>A type that stands nowhere where it could have question marks.</summary>
    public static string Name(Type type) => Write(type, () => 0);

    /// <summary>The type of a parameter, a result, a property, a field or an event.</summary>
    /// <param name="type">The type.</param>
    /// <param name="attributes">Of the place where it stands.</param>
    /// <param name="within">The member, whose attributes speak for those that the place does not have.</param>
    public static string Name(Type type, IEnumerable<CustomAttributeData> attributes, MemberInfo within) => Write(type, Flags(attributes, within));

    /// <summary>Whether a type parameter is said to be never null: by notnull, or by class without a question mark.</summary>
    public static bool IsNotNull(Type parameter) =>
        Flags(parameter.GetCustomAttributesData(), parameter.DeclaringMethod ?? (MemberInfo)parameter.DeclaringType!)() == 1;

    // https://github.com/dotnet/roslyn/blob/main/docs/features/nullable-metadata.md: a flag for each type that is written, outermost first.
    private static string Write(Type type, Func<byte> nextFlag)
    {
        if (type.IsByRef) return Write(type.GetElementType()!, nextFlag);
        if (type.IsPointer) return Write(type.GetElementType()!, nextFlag) + "*";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Write(underlying, nextFlag) + "?";
        var mark = (!type.IsValueType || type.IsGenericType) && nextFlag() == 2 ? "?" : "";
        if (type.IsArray) return $"{Write(type.GetElementType()!, nextFlag)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (Keywords.TryGetValue(type, out var keyword)) return keyword + mark;
        if (type.IsGenericParameter) return type.Name + mark;
        var arguments = string.Join(", ", type.GetGenericArguments().Select(each => Write(each, nextFlag)));
        if (type.IsAssignableTo(typeof(ITuple)) && type.IsValueType) return $"({arguments})";
        return WithoutArguments(type) + (arguments.Length > 0 ? $"<{arguments}>" : "") + mark;
    }

    public static string WithoutArguments(Type type)
    {
        var name = type.Name.Split('`')[0];
        if (type.IsNested) return $"{WithoutArguments(type.DeclaringType!)}.{name}";
        return type.Namespace!.Split('.')[0] is "System" or "TinyWorker" ? name : $"{type.Namespace}.{name}";
    }

    private static Func<byte> Flags(IEnumerable<CustomAttributeData> attributes, MemberInfo within)
    {
        var value = Value(attributes, "NullableAttribute");
        for (var place = within; value is null && place is not null; place = place.DeclaringType)
            value = Value(place.GetCustomAttributesData(), "NullableContextAttribute");
        if (value is not IEnumerable list) return () => (byte?)value ?? 0;
        var flags = new Queue<byte>(list.Cast<CustomAttributeTypedArgument>().Select(each => (byte)each.Value!));
        return flags.Dequeue;
    }

    private static object? Value(IEnumerable<CustomAttributeData> attributes, string name) =>
        attributes.FirstOrDefault(each => each.AttributeType.Name == name)?.ConstructorArguments[0].Value;
}
