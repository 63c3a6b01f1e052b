using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>The classes that the compilers make: which are closures, and what their fields are for.</summary>
internal static class Closure
{
    /// <summary>
    /// Whether objects of this type hold the captured variables of lambdas (<c>&lt;&gt;c__DisplayClass0_0</c>), or are the one object
    /// that the lambdas without any are methods of (<c>&lt;&gt;c</c>). The second line is Visual Basic's.
    /// </summary>
    public static bool Is(Type type) =>
        IsMadeByCompiler(type) && !type.IsValueType
        && (type.Name.StartsWith("<>c", StringComparison.Ordinal) || type.Name.StartsWith("_Closure$__", StringComparison.Ordinal));

    public static bool IsMadeByCompiler(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    public static bool IsAnonymousType(Type type) => type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal);

    /// <summary>What stands behind <c>IReadOnlyList&lt;string&gt; names = ["a", "b"]</c>.</summary>
    public static bool IsCollectionExpression(Type type) => type.Name.StartsWith("<>z__ReadOnly", StringComparison.Ordinal);

    /// <summary>The variables that a closure holds, those of the scopes around it in a closure of their own included.</summary>
    public static IEnumerable<FieldInfo> Variables(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields)] Type closure) =>
        // What is left out is a lambda that was made once and kept for the next time: it is made again.
        closure.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(field => !field.Name.StartsWith("<>9__", StringComparison.Ordinal));
}
