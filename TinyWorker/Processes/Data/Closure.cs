using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TinyWorker.Processes.Data;

/// <summary>The classes that the compilers make: which ones are closures, and what their fields hold.</summary>
internal static class Closure
{
    /// <summary>
    /// Whether objects of this type hold the captured variables of lambdas (<c>&lt;&gt;c__DisplayClass0_0</c>), or the type has the lambdas
    /// that capture nothing as its methods (<c>&lt;&gt;c</c>). Visual Basic has a name of its own.
    /// </summary>
    public static bool Is(Type type) =>
        IsMadeByCompiler(type) && !type.IsValueType
        && (type.Name.StartsWith("<>c", StringComparison.Ordinal) || type.Name.StartsWith("_Closure$__", StringComparison.Ordinal));

    public static bool IsMadeByCompiler(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    public static bool IsAnonymousType(Type type) => type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal);

    /// <summary>The type of the object in <c>IReadOnlyList&lt;string&gt; names = ["a", "b"]</c>.</summary>
    public static bool IsCollectionExpression(Type type) => type.Name.StartsWith("<>z__ReadOnly", StringComparison.Ordinal);

    /// <summary>The variables that a closure holds. The closure of the scope around it is one of them.</summary>
    public static IEnumerable<FieldInfo> Variables(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields)]
        Type closure) =>
        // Without the fields in which the compiler caches lambdas: they are made again.
        closure.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(field => !field.Name.StartsWith("<>9__", StringComparison.Ordinal));
}
