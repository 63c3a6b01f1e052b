using System.Reflection;

namespace TinyWorker.Processes.Data;

/// <summary>Names as they stand in the source, for names that the compiler has made.</summary>
internal static class SourceNames
{
    /// <summary>"Program.Square", "a lambda in Program.Main", "Square in Program.Main".</summary>
    public static string Name(MethodBase method)
    {
        var owner = method.DeclaringType;
        while (owner is { DeclaringType: { } outer } && Closure.IsMadeByCompiler(owner)) owner = outer;
        return Unmangled(method.Name, owner is null ? "" : Name(owner) + ".");
    }

    /// <summary>"Dictionary&lt;String, Int32&gt;", "Outer.Inner".</summary>
    public static string Name(Type type)
    {
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Closure.IsAnonymousType(type)) return "an anonymous type";
        return type.IsGenericParameter ? type.Name : Name(type, type.GetGenericArguments());
    }

    /// <summary>The variable, property or parameter that a field holds.</summary>
    public static string Name(FieldInfo field)
    {
        var name = field.Name;
        if (name.EndsWith("__this", StringComparison.Ordinal) || name == "$VB$Me") return "this";
        if (name.StartsWith("$VB$Local_", StringComparison.Ordinal)) return name["$VB$Local_".Length..];
        var end = name.StartsWith('<') ? name.LastIndexOf('>') : -1;   // the last: an interface that a property implements may be generic
        return end > 1 ? name[1..end] : name;
    }

    // The type arguments of a nested type begin with those of the types around it.
    private static string Name(Type type, Type[] arguments)
    {
        var outer = type.DeclaringType;
        var own = arguments[(outer?.GetGenericArguments().Length ?? 0)..type.GetGenericArguments().Length];
        var tick = type.Name.IndexOf('`');
        var name = tick < 0 ? type.Name : type.Name[..tick];
        if (own.Length > 0) name += $"<{string.Join(", ", own.Select(Name))}>";
        return outer is null ? name : $"{Name(outer, arguments)}.{name}";
    }

    // <Main>b__0 is a lambda in Main, <Main>g__Square|0_0 its local function Square, <Main>$ the top-level statements; they nest.
    private static string Unmangled(string name, string owner)
    {
        var end = ClosingBracket(name);
        if (end < 0) return owner + name;
        var outer = name[1..end];
        var rest = name[(end + 1)..];
        if (rest == "$") return owner + outer;
        if (rest.StartsWith("b__", StringComparison.Ordinal)) return $"a lambda in {Unmangled(outer, owner)}";
        var bar = rest.IndexOf('|');
        return rest.StartsWith("g__", StringComparison.Ordinal) && bar > 0 ? $"{rest[3..bar]} in {Unmangled(outer, owner)}" : owner + name;
    }

    private static int ClosingBracket(string name)
    {
        if (!name.StartsWith('<')) return -1;
        var depth = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '<') depth++;
            else if (name[i] == '>' && --depth == 0) return i;
        }

        return -1;
    }
}
