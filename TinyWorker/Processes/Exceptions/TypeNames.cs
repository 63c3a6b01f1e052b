using System.Text.RegularExpressions;

namespace TinyWorker.Processes.Exceptions;

/// <summary>Names of types.</summary>
internal static partial class TypeNames
{
    /// <summary>The assembly-qualified name with the simple names of its assemblies: it finds the type in any version of them.</summary>
    public static string WithoutVersions(string assemblyQualifiedName) => Versions().Replace(assemblyQualifiedName, "");

    [GeneratedRegex(", (Version|Culture|PublicKeyToken)=[^,\\]]*", RegexOptions.CultureInvariant)]
    private static partial Regex Versions();
}
